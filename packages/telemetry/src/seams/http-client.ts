import {
  type Attributes,
  type Context,
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
} from '@opentelemetry/api'
import { type TraceHeaders, traceHeadersOf } from '../propagation.ts'
import { recordFailure } from '../span.ts'

export interface ClientCallOptions {
  method: string
  /** Host and port of the one that is called. */
  address: string
  port: number
  /** The route's template; never the query. Names the span. */
  route?: string
  /** Which try this is; 0 is the first. */
  resendCount?: number
  parent?: Context
  attributes?: Attributes
}

/** One outgoing call: put `headers` into the request, then say how it ended. */
export interface ClientCall {
  readonly span: Span
  readonly headers: TraceHeaders
  answered(status: number): void
  failed(error: unknown): void
}

/**
 * Seam 2: the CLIENT span of one HTTP call, for undici's `dispatch` as for `fetch`. A call that is tried again is a
 * second span.
 */
export function traceHttpClient(tracer: Tracer, options: ClientCallOptions): ClientCall {
  const { method, address, port, route, resendCount = 0, parent = context.active() } = options
  const span = tracer.startSpan(
    route ? `${method} ${route}` : method,
    {
      kind: SpanKind.CLIENT,
      attributes: {
        'http.request.method': method,
        'server.address': address,
        'server.port': port,
        ...(route ? { 'url.template': route } : {}),
        ...(resendCount > 0 ? { 'http.request.resend_count': resendCount } : {}),
        ...options.attributes,
      },
    },
    parent,
  )
  let ended = false
  function end(describe: () => void) {
    if (ended) return
    ended = true
    describe()
    span.end()
  }

  return {
    span,
    headers: traceHeadersOf(span.spanContext()),
    answered: status =>
      end(() => {
        span.setAttribute('http.response.status_code', status)
        if (status < 400) return
        span.setAttribute('error.type', String(status))
        // The conventions: to a client, every 4xx and 5xx is an error of the span.
        span.setStatus({ code: SpanStatusCode.ERROR })
      }),
    failed: error => end(() => recordFailure(span, error)),
  }
}
