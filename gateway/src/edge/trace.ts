import {
  type Attributes,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { extractTrace, type Telemetry } from '@portico/telemetry'
import type { Visit } from './visit.ts'

/**
 * Begins the request's trace: a new root, since an outside `traceparent` is a claim and is only linked. The trace's id
 * is the request's id too: one word to search for.
 */
export function startTrace({ tracer }: Telemetry, visit: Visit): void {
  const { request, route } = visit
  const links = linksOf(visit)
  visit.span = tracer.startSpan(
    route === null ? methodOf(request.method) : route.name,
    links === null ? { kind: SpanKind.SERVER, root: true } : { kind: SpanKind.SERVER, root: true, links },
    ROOT_CONTEXT,
  )
  const spanContext = visit.span.spanContext()
  visit.traceId = spanContext.traceId
  visit.answerHeaders.push(
    'portico-request-id',
    visit.traceId,
    'x-request-id',
    visit.traceId,
    'server-timing',
    `traceparent;desc="${traceparentOf(spanContext)}"`,
  )
  // Unsampled requests pay for ids, not for attributes.
  if (visit.span.isRecording()) visit.span.setAttributes(attributesOf(visit))
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

export const traceparentOf = ({ traceId, spanId, traceFlags }: SpanContext) =>
  `00-${traceId}-${spanId}-${traceFlags & 1 ? '01' : '00'}`
