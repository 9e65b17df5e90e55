import {
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { Score } from '../balancing/balancer.ts'
import type { Replica } from '../balancing/replica.ts'

/** What an attempt's span says beside the semantic conventions. */
export interface AttemptFacts {
  readonly strategy: string
  readonly scores: readonly Score[]
  /** How many attempts came before. */
  readonly resends: number
  readonly isHedge: boolean
  /** How long the request waited for a replica, milliseconds. */
  readonly waitedMs: number
  readonly inFlight: number
}

/** The CLIENT span of one attempt. Only made when the request's own span is recorded: the others pay nothing. */
export function startAttemptSpan(
  tracer: Tracer,
  parent: Span,
  method: string,
  replica: Replica,
  facts: AttemptFacts,
): Span {
  const { hostname, port } = replica.connections.place
  return tracer.startSpan(
    `${method} ${replica.service}`,
    {
      kind: SpanKind.CLIENT,
      attributes: {
        'http.request.method': method,
        'server.address': hostname,
        'server.port': port,
        'service.peer.name': replica.service,
        'portico.replica': replica.id,
        'portico.replica.version': replica.version,
        'portico.balancer.strategy': facts.strategy,
        'portico.balancer.scores': facts.scores.map(({ id, score }) => `${id}=${score.toPrecision(4)}`),
        'portico.balancer.in_flight': facts.inFlight,
        'portico.waited_ms': Math.round(facts.waitedMs),
        ...(facts.isHedge ? { 'portico.hedge': true } : {}),
        ...(facts.resends > 0 ? { 'http.request.resend_count': facts.resends } : {}),
      },
    },
    trace.setSpan(ROOT_CONTEXT, parent),
  )
}

export function endAttemptSpan(span: Span, status: number, error: string | null): void {
  if (status > 0) span.setAttribute('http.response.status_code', status)
  if (error !== null || status >= 400) {
    span.setAttribute('error.type', error ?? String(status))
    span.setStatus({ code: SpanStatusCode.ERROR })
  }
  span.end()
}

/** W3C Trace Context, section 3.2. */
export function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags & 1 ? '01' : '00'}`
}
