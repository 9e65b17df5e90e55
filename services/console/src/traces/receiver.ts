import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { createGunzip } from 'node:zlib'
import type { Telemetry } from '@portico/telemetry'
import { spansOf } from './otlp.ts'
import type { OtlpCodec } from './otlp-protobuf.ts'
import type { SpanStore } from './span-store.ts'

/** More than any exporter's batch; what is larger is answered 413. */
const mostBytes = 16 * 1_024 * 1_024

/**
 * OTLP over HTTP (opentelemetry-proto, "OTLP/HTTP"): `POST /v1/traces` as protobuf or JSON, gzipped or not. It makes no
 * spans of its own: a span of a request that brought spans would bring the next.
 */
export function createReceiver({
  store,
  codec,
  log,
}: {
  store: SpanStore
  codec: OtlpCodec
  log: Telemetry['log']
}): Server {
  const server = createServer((request, response) => {
    receive(request, response, store, codec).catch((error: unknown) => {
      const status = error instanceof TooLarge ? 413 : 400
      if (status === 400) log.warn({ err: error }, 'an export of spans could not be read')
      if (!response.headersSent)
        answer(response, status, 'text/plain', `${status === 413 ? 'too large' : 'not OTLP'}\n`)
    })
  })
  server.requestTimeout = 30_000
  server.headersTimeout = 10_000
  server.keepAliveTimeout = 72_000
  return server
}

async function receive(request: IncomingMessage, response: ServerResponse, store: SpanStore, codec: OtlpCodec) {
  const path = request.url?.split('?', 1)[0]
  // Metrics and logs are taken and let go: an exporter that sends them too must not fill its log with errors.
  if (path === '/v1/metrics' || path === '/v1/logs') {
    request.resume()
    return answer(response, 200, 'application/json', '{}')
  }
  if (path !== '/v1/traces') return answer(response, 404, 'text/plain', 'POST /v1/traces\n')
  if (request.method !== 'POST') return answer(response, 405, 'text/plain', 'POST\n', { allow: 'POST' })

  const type = request.headers['content-type']?.split(';', 1)[0]?.trim()
  const body = await bodyOf(request)
  if (type === 'application/x-protobuf') {
    const { spans, rejected } = spansOf(codec.decode(body))
    store.add(spans)
    return answer(response, 200, type, codec.encodeResponse(rejected))
  }
  if (type !== 'application/json')
    return answer(response, 415, 'text/plain', 'application/x-protobuf or application/json\n')
  const { spans, rejected } = spansOf(JSON.parse(body.toString()))
  store.add(spans)
  const partial =
    rejected === 0
      ? {}
      : { partialSuccess: { rejectedSpans: String(rejected), errorMessage: 'spans without valid ids' } }
  return answer(response, 200, type, JSON.stringify(partial))
}

class TooLarge extends Error {}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const isGzip = request.headers['content-encoding'] === 'gzip'
  const bytes = isGzip ? request.pipe(createGunzip()) : request
  return buffer(limited(bytes))
}

async function* limited(chunks: AsyncIterable<Buffer>) {
  let total = 0
  for await (const chunk of chunks) {
    total += chunk.length
    if (total > mostBytes) throw new TooLarge()
    yield chunk
  }
}

function answer(response: ServerResponse, status: number, type: string, body: string | Uint8Array, headers = {}): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), ...headers }).end(body)
}
