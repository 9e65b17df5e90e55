import {
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { internalHeaders } from '@portico/contracts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { extractTrace, traceparentOf } from '../propagation.ts'
import type { Telemetry } from '../telemetry.ts'

/** What a request carries of its trace. */
export interface RequestTrace {
  readonly span: Span
  readonly context: Context
  readonly traceId: string
  /** No trusted caller began it. */
  readonly isRoot: boolean
  /** The template the span and the metrics are named by. A gateway, whose own route is a catch-all, sets the service's. */
  route: string | undefined
  /** Why it failed, in one word; a problem's code. */
  errorType: string | undefined
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null on routes with `config: { trace: false }`. */
    trace: RequestTrace | null
  }
  interface FastifyContextConfig {
    /** False: no span, no line, no histogram: probes and metrics. */
    trace?: boolean
  }
}

/**
 * Seam 1: a SERVER span around each request, named `GET /v1/posts/:id`; `Server-Timing: traceparent` on the answer to a
 * root; a log line and `http.server.request.duration` at its end, also when the client left before.
 *
 * `trustParent`: behind the gateway an incoming `traceparent` is the parent; at the edge it is somebody's claim, and
 * only linked to a new trace.
 */
export function traceFastify(
  app: FastifyInstance,
  telemetry: Telemetry,
  { trustParent }: { trustParent: boolean },
): void {
  const report = reporter(telemetry)
  app.decorateRequest('trace', null)

  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.trace === false) return done()
    const startedAt = performance.now()
    const own = startTrace(telemetry, request, trustParent)
    request.trace = own
    // Whoever sent a trace that is trusted, a gateway, tells its own client.
    if (own.isRoot) reply.header('server-timing', `traceparent;desc="${traceparentOf(own.span.spanContext())}"`)
    // Not Fastify's onResponse: it does not run when the client leaves early.
    const once = () => {
      reply.raw.off('finish', once).off('close', once)
      report(request, reply, own, startedAt)
    }
    reply.raw.on('finish', once).on('close', once)
    context.with(own.context, done)
  })

  // Body parsing continues in the socket's own asynchronous context: enter ours again.
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.trace) context.with(request.trace.context, done)
    else done()
  })
}

function startTrace({ tracer }: Telemetry, request: FastifyRequest, trustParent: boolean): RequestTrace {
  const claimed = request.headers.traceparent === undefined ? ROOT_CONTEXT : extractTrace(carrierOf(request))
  const remote = trace.getSpanContext(claimed)
  const parent = trustParent ? claimed : ROOT_CONTEXT
  const route = request.routeOptions.url
  const span = tracer.startSpan(
    route ? `${request.method} ${route}` : request.method,
    {
      kind: SpanKind.SERVER,
      attributes: attributesOf(request, trustParent),
      ...(remote && !trustParent ? { links: [{ context: remote }] } : {}),
    },
    parent,
  )
  return {
    span,
    context: trace.setSpan(parent, span),
    traceId: span.spanContext().traceId,
    route,
    isRoot: trace.getSpanContext(parent) === undefined,
    errorType: undefined,
  }
}

function carrierOf({ headers }: FastifyRequest) {
  return { traceparent: headers.traceparent, tracestate: headers.tracestate }
}

// The query stays out: it may hold what nobody should read.
function attributesOf(request: FastifyRequest, behindGateway: boolean) {
  const query = request.url.indexOf('?')
  return {
    'http.request.method': request.method,
    'url.path': query < 0 ? request.url : request.url.slice(0, query),
    'url.scheme': request.protocol,
    'network.protocol.version': request.raw.httpVersion,
    'server.address': request.hostname,
    // Behind the gateway every peer is the gateway; it says who asked.
    'client.address': (behindGateway && request.headers[internalHeaders.clientAddress]) || request.ip,
    'user_agent.original': request.headers['user-agent'] ?? '',
  }
}

type RequestLabel = 'http_request_method' | 'http_route' | 'http_response_status_code' | 'error_type'

function reporter({ log, metrics }: Telemetry) {
  // prom-client types an exemplar's labels as if they were the metric's own.
  const duration = metrics.histogram<RequestLabel | 'trace_id'>(
    'http_server_request_duration_seconds',
    'From the request’s first line to the answer’s last byte',
    ['http_request_method', 'http_route', 'http_response_status_code', 'error_type'],
    { exemplars: true },
  )

  return (request: FastifyRequest, reply: FastifyReply, own: RequestTrace, startedAt: number) => {
    const seconds = (performance.now() - startedAt) / 1_000
    const clientLeft = isCutShort(reply.raw)
    const status = reply.raw.statusCode
    const errorType = own.errorType ?? (clientLeft ? 'client_left' : status >= 500 ? String(status) : '')
    endSpan(own, request.method, status, errorType)
    duration.observe({
      labels: {
        http_request_method: request.method,
        http_route: own.route ?? '',
        http_response_status_code: status,
        error_type: errorType,
      },
      value: seconds,
      exemplarLabels: own.span.spanContext().traceFlags & TraceFlags.SAMPLED ? { trace_id: own.traceId } : {},
    })
    const { traceId, spanId } = own.span.spanContext()
    log.info(
      {
        traceId,
        spanId,
        requestId: request.id,
        method: request.method,
        path: pathOf(request.url),
        route: own.route,
        status,
        durationMs: Math.round(seconds * 100_000) / 100,
        ...(errorType ? { errorType } : {}),
      },
      'request',
    )
  }
}

function isCutShort({ writableFinished, writableEnded, socket }: FastifyReply['raw']): boolean {
  // `inject` closes an answer before it finishes it: an answer that ended on a living socket is whole.
  return !writableFinished && (!writableEnded || (socket?.destroyed ?? false))
}

function endSpan({ span, route }: RequestTrace, method: string, status: number, errorType: string) {
  if (route) {
    span.updateName(`${method} ${route}`)
    span.setAttribute('http.route', route)
  }
  span.setAttribute('http.response.status_code', status)
  if (errorType) span.setAttribute('error.type', errorType)
  // The conventions: to a server, a 4xx is the client's error, not the span's.
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
  span.end()
}

function pathOf(url: string) {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}
