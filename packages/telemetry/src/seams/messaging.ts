import { type Attributes, type Span, SpanKind, type Tracer, trace } from '@opentelemetry/api'
import { extractTrace, type TraceCarrier, type TraceHeaders, traceHeadersOf } from '../propagation.ts'
import { withSpan } from '../span.ts'

export interface MessageSpanOptions {
  subject: string
  messageId?: string
  /** What the order is kept by. */
  key?: string
  /** Consumers only. */
  consumer?: string
  attributes?: Attributes
}

/**
 * Seam 4, sending: a PRODUCER span around the publish, or the insert into the outbox that stands for it. The headers it
 * hands over belong into the message (and into the row), so that whoever processes it becomes a child of this span.
 */
export function producerSpan<T>(
  tracer: Tracer,
  options: MessageSpanOptions,
  work: (headers: TraceHeaders, span: Span) => Promise<T> | T,
): Promise<T> {
  return withSpan(
    tracer,
    `publish ${options.subject}`,
    { kind: SpanKind.PRODUCER, attributes: attributesOf('publish', 'send', options) },
    span => work(traceHeadersOf(span.spanContext()), span),
  )
}

/** Seam 4, receiving: a CONSUMER `process` span, child of the span the message carries and linked to it. */
export function consumerSpan<T>(
  tracer: Tracer,
  carrier: TraceCarrier,
  options: MessageSpanOptions,
  work: (span: Span) => Promise<T> | T,
): Promise<T> {
  const parent = extractTrace(carrier)
  const producer = trace.getSpanContext(parent)
  return withSpan(
    tracer,
    `process ${options.subject}`,
    {
      kind: SpanKind.CONSUMER,
      attributes: attributesOf('process', 'process', options),
      parent,
      links: producer ? [{ context: producer }] : [],
    },
    work,
  )
}

function attributesOf(name: string, type: string, options: MessageSpanOptions): Attributes {
  return {
    'messaging.system': 'nats',
    'messaging.operation.name': name,
    'messaging.operation.type': type,
    'messaging.destination.name': options.subject,
    ...(options.messageId ? { 'messaging.message.id': options.messageId } : {}),
    ...(options.key ? { 'portico.message.key': options.key } : {}),
    ...(options.consumer ? { 'messaging.consumer.group.name': options.consumer } : {}),
    ...options.attributes,
  }
}
