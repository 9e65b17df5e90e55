import { type Context, context, isSpanContextValid, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api'
import { parseTraceParent, TraceState } from '@opentelemetry/core'

/** W3C Trace Context as it travels in HTTP headers, NATS headers and outbox rows. */
export interface TraceHeaders {
  traceparent?: string
  tracestate?: string
}

/** Whatever may carry the two: incoming headers, a row with nulls. */
export interface TraceCarrier {
  traceparent?: string | string[] | null | undefined
  tracestate?: string | string[] | null | undefined
}

/** The headers that make the next hop a child of the active span. Empty when there is none. */
export function injectTrace(from: Context = context.active()): TraceHeaders {
  const spanContext = trace.getSpanContext(from)
  return spanContext && isSpanContextValid(spanContext) ? traceHeadersOf(spanContext) : {}
}

export function traceHeadersOf(spanContext: SpanContext): TraceHeaders {
  const tracestate = spanContext.traceState?.serialize()
  return { traceparent: traceparentOf(spanContext), ...(tracestate ? { tracestate } : {}) }
}

/** `version-traceid-parentid-flags` (W3C Trace Context, section 3.2). */
export function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags & 1 ? '01' : '00'}`
}

/** The context a carrier names. What cannot be parsed is as good as absent (section 3.2.2.3): a new trace begins. */
export function extractTrace(carrier: TraceCarrier): Context {
  // Two traceparent fields are none: neither is more credible than the other.
  const spanContext = typeof carrier.traceparent === 'string' ? parseTraceParent(carrier.traceparent) : null
  if (!spanContext) return ROOT_CONTEXT
  const state = Array.isArray(carrier.tracestate) ? carrier.tracestate.join(',') : carrier.tracestate
  return trace.setSpanContext(ROOT_CONTEXT, {
    ...spanContext,
    isRemote: true,
    ...(state ? { traceState: new TraceState(state) } : {}),
  })
}
