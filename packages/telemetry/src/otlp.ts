import { Agent, request } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'

/** `failed` may be sent again; `refused` never will be taken. */
export type SendOutcome = 'sent' | 'failed' | 'refused'
export type SendSpans = (spans: ReadableSpan[], signal: AbortSignal) => Promise<SendOutcome>

/** The statuses that OTLP/HTTP calls retryable (opentelemetry-proto, "Failures"), and a request that timed out. */
const retryable = new Set([408, 429, 502, 503, 504])

/**
 * OTLP over HTTP as JSON. On `node:http` and without the library's exporter: that one retries by itself for 10 s on
 * timers that cannot be cancelled, reads the environment, and forgets what it could not send. It goes past the traced
 * HTTP client, so that an export makes no spans.
 */
export function createOtlpSender({ url, timeoutMs = 5_000 }: { url: string; timeoutMs?: number }) {
  const target = new URL(`${url.replace(/\/$/, '')}/v1/traces`)
  const secure = target.protocol === 'https:'
  const agent = new (secure ? TlsAgent : Agent)({ keepAlive: true, maxSockets: 1, timeout: timeoutMs })
  const start = secure ? tlsRequest : request

  const send: SendSpans = async (spans, signal) => {
    const body = serialised(spans)
    if (!body) return 'refused'
    const headers = { 'content-type': 'application/json', 'content-length': body.byteLength }
    return new Promise(resolve => {
      const outgoing = start(
        target,
        { method: 'POST', agent, headers, signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) },
        answer => {
          answer.resume()
          answer.on('error', () => resolve('failed'))
          answer.on('end', () => resolve(outcomeOf(answer.statusCode ?? 500)))
        },
      )
      outgoing.on('error', () => resolve('failed'))
      outgoing.end(body)
    })
  }
  return { send, close: () => agent.destroy() }
}

/** A batch that cannot be written is lost, not the process. */
function serialised(spans: ReadableSpan[]): Uint8Array | undefined {
  try {
    return JsonTraceSerializer.serializeRequest(spans)
  } catch {
    return undefined
  }
}

function outcomeOf(status: number): SendOutcome {
  if (status < 300) return 'sent'
  return retryable.has(status) ? 'failed' : 'refused'
}
