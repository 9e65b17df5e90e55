import {
  type Attributes,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { extractTrace, type Telemetry } from '@portico/telemetry'
import { traceparentOf } from '../forward/attempt-span.ts'
import type { Sampling } from './sampling.ts'
import type { Visit } from './visit.ts'

const serverSpan = { kind: SpanKind.SERVER }

/**
 * Begins the request's trace: a new root, since an outside `traceparent` is a claim and is only linked. The trace's id
 * is the request's id too: one word to search for.
 */
export function startTrace({ tracer }: Telemetry, sampling: Sampling, visit: Visit): void {
  visit.span = sampling.unrecorded() ?? recordedSpan(tracer, visit)
  const spanContext = visit.span.spanContext()
  visit.traceId = spanContext.traceId
  visit.answerHeaders.push('x-request-id', visit.traceId, 'server-timing', serverTimingOf(spanContext))
  // Unsampled requests pay for ids, not for attributes.
  if (visit.span.isRecording()) visit.span.setAttributes(attributesOf(visit))
}

function recordedSpan(tracer: Tracer, visit: Visit): Span {
  const { request, route } = visit
  const links = linksOf(visit)
  return tracer.startSpan(
    route === null ? methodOf(request.method) : route.name,
    links === null ? serverSpan : { ...serverSpan, links },
    ROOT_CONTEXT,
  )
}

/** Ends the span: a 4xx is the client's error, not the span's. */
export function endTrace(visit: Visit, status: number): void {
  const { span, errorCode } = visit
  if (span.isRecording()) {
    span.setAttribute('http.response.status_code', status)
    if (errorCode !== '') span.setAttribute('error.type', errorCode)
    if (status >= 500 || status === 0) span.setStatus({ code: SpanStatusCode.ERROR })
  }
  span.end()
}

function linksOf({ request }: Visit): Link[] | null {
  const { traceparent, tracestate } = request.headers
  if (traceparent === undefined) return null
  const claimed = trace.getSpanContext(extractTrace({ traceparent, tracestate }))
  return claimed === undefined ? null : [{ context: claimed }]
}

// The query stays out: it may hold what nobody should read.
function attributesOf({ request, route, target, scheme, host, clientAddress, peer }: Visit): Attributes {
  return {
    ...route?.attributes,
    'http.request.method': methodOf(request.method),
    'url.path': target.path,
    'url.scheme': scheme,
    'server.address': host,
    'client.address': clientAddress,
    'network.peer.address': peer.address,
    'network.protocol.version': request.httpVersion,
    'user_agent.original': request.headers['user-agent'] ?? '',
  }
}

const methodOf = (method: string | undefined) => method ?? 'GET'

/** How an answer names its trace. */
export const serverTimingOf = (context: SpanContext) => `traceparent;desc="${traceparentOf(context)}"`
