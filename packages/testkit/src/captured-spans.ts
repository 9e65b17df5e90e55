import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { type EventuallyOptions, eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import { type CapturedSpan, readSpans } from './otlp-spans.ts'
import type { TestScope } from './scope.ts'
import { type SpanTree, spanTree } from './span-tree.ts'

export interface CapturedSpans {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`: `/v1/traces` comes after it. */
  readonly url: string
  spans(): readonly CapturedSpan[]
  tree(traceId: string): SpanTree
  /** Waits until the trace satisfies `fits`: spans arrive in batches, and those of other processes later. */
  complete(traceId: string, fits: (tree: SpanTree) => unknown, options?: EventuallyOptions): Promise<SpanTree>
  clear(): void
  /** Refuses connections, as a receiver that is gone. */
  down(): Promise<void>
  up(): Promise<void>
}

const spansLimit = 200_000

/**
 * A receiver of OTLP over HTTP in JSON, which remembers every span.
 *
 * @example
 * const captured = await capturedSpans(t)
 * const telemetry = createTelemetry({ service: 'content', instance: 'content-1', version: '0', otlpUrl: captured.url })
 */
export async function capturedSpans(t: TestScope): Promise<CapturedSpans> {
  const port = await freePort()
  const spans: CapturedSpan[] = []
  const handle = (request: IncomingMessage, response: ServerResponse) => void receive(request, response, spans)
  let server: Server | undefined = await listen(port, handle)

  async function down(): Promise<void> {
    const closing = server
    server = undefined
    if (!closing) return
    closing.close()
    closing.closeAllConnections()
    await once(closing, 'close')
  }
  t.after(down)

  const tree = (traceId: string) => spanTree(spans.filter(span => span.traceId === traceId))
  return {
    url: `http://127.0.0.1:${port}`,
    spans: () => spans,
    tree,
    async complete(traceId, fits, options) {
      const found = () => {
        const now = tree(traceId)
        if (!fits(now)) throw new Error(`the trace ${traceId} is\n${now.print()}`)
        return now
      }
      return eventually(found, options)
    },
    clear: () => void spans.splice(0),
    down,
    async up() {
      server ??= await listen(port, handle)
    },
  }
}

async function listen(
  port: number,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server> {
  const server = createServer(handle).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function receive(request: IncomingMessage, response: ServerResponse, spans: CapturedSpan[]): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  const unpacked = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
  response.setHeader('content-type', 'application/json')
  if (request.method !== 'POST' || request.url !== '/v1/traces') return void response.writeHead(404).end('{}')
  try {
    spans.push(...readSpans(JSON.parse(unpacked.toString())))
    if (spans.length > spansLimit) spans.splice(0, spans.length - spansLimit)
    response.end('{"partialSuccess":{}}')
  } catch (error) {
    response.writeHead(400).end(JSON.stringify({ message: String(error) }))
  }
}
