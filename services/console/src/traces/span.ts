/** A value of an attribute, as OTLP has them, flattened to what JSON holds. */
export type AttributeValue = string | number | boolean | AttributeValue[] | { [name: string]: AttributeValue } | null
export type Attributes = Record<string, AttributeValue>

export const spanKinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const
export type SpanKind = (typeof spanKinds)[number]

/** One span as it is kept. Times in whole microseconds, which is what Jaeger's API speaks. */
export interface Span {
  traceId: string
  spanId: string
  parentId: string | null
  service: string
  name: string
  kind: SpanKind
  startUs: number
  durationUs: number
  isError: boolean
  statusMessage: string
  attributes: Attributes
  resource: Attributes
  events: SpanEvent[]
  links: { traceId: string; spanId: string }[]
}

export interface SpanEvent {
  name: string
  atUs: number
  attributes: Attributes
}
