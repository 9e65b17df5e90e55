import { type Attributes, type AttributeValue, type Span, spanKinds } from './span.ts'

// OTLP 1.x, trace signal, as JSON (opentelemetry-proto, `ExportTraceServiceRequest`). "The trace_id and span_id byte
// arrays are represented as case-insensitive hex-encoded strings", 64-bit integers may be strings or numbers.

export interface ExportRequest {
  resourceSpans?: ResourceSpans[]
}
interface ResourceSpans {
  resource?: { attributes?: KeyValue[] }
  scopeSpans?: { spans?: OtlpSpan[] }[]
}
interface KeyValue {
  key: string
  value?: AnyValue
}
interface AnyValue {
  stringValue?: string
  boolValue?: boolean
  intValue?: string | number
  doubleValue?: number
  bytesValue?: string
  arrayValue?: { values?: AnyValue[] }
  kvlistValue?: { values?: KeyValue[] }
}
interface OtlpSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name?: string
  kind?: number | string
  startTimeUnixNano?: string | number
  endTimeUnixNano?: string | number
  attributes?: KeyValue[]
  events?: { name?: string; timeUnixNano?: string | number; attributes?: KeyValue[] }[]
  links?: { traceId: string; spanId: string }[]
  status?: { code?: number | string; message?: string }
}

export interface Understood {
  spans: Span[]
  /** What had no valid ids: OTLP answers them as rejected. */
  rejected: number
}

/** The spans of one export. One that cannot be understood is counted, and the others are kept. */
export function spansOf(request: ExportRequest): Understood {
  const spans: Span[] = []
  let rejected = 0
  for (const { resource, scopeSpans } of request.resourceSpans ?? []) {
    const shared = attributesOf(resource?.attributes)
    const service = typeof shared['service.name'] === 'string' ? shared['service.name'] : 'unknown_service'
    for (const given of (scopeSpans ?? []).flatMap(({ spans }) => spans ?? [])) {
      if (isId(given.traceId, 32) && isId(given.spanId, 16)) spans.push(toSpan(given, service, shared))
      else rejected++
    }
  }
  return { spans, rejected }
}

function toSpan(given: OtlpSpan, service: string, resource: Attributes): Span {
  const startUs = microseconds(given.startTimeUnixNano)
  return {
    traceId: given.traceId.toLowerCase(),
    spanId: given.spanId.toLowerCase(),
    parentId: given.parentSpanId && isId(given.parentSpanId, 16) ? given.parentSpanId.toLowerCase() : null,
    service,
    name: given.name ?? '',
    kind: spanKinds[enumOf(given.kind, 'SPAN_KIND_', spanKinds)] ?? 'unspecified',
    startUs,
    durationUs: Math.max(0, microseconds(given.endTimeUnixNano) - startUs),
    isError: enumOf(given.status?.code, 'STATUS_CODE_', ['unset', 'ok', 'error']) === 2,
    statusMessage: given.status?.message ?? '',
    attributes: attributesOf(given.attributes),
    resource,
    events: (given.events ?? []).map(event => ({
      name: event.name ?? '',
      atUs: microseconds(event.timeUnixNano),
      attributes: attributesOf(event.attributes),
    })),
    links: (given.links ?? []).filter(({ traceId, spanId }) => isId(traceId, 32) && isId(spanId, 16)),
  }
}

const isId = (text: unknown, length: number) =>
  typeof text === 'string' && text.length === length && /^[0-9a-fA-F]+$/.test(text) && !/^0+$/.test(text)

// Nanoseconds since 1970 exceed what a double holds; microseconds do not for another two centuries.
const microseconds = (nanoseconds: string | number | undefined) => Number(BigInt(nanoseconds ?? 0) / 1_000n)

/** OTLP's JSON has enums as numbers; some senders write their names. */
function enumOf(value: number | string | undefined, prefix: string, names: readonly string[]): number {
  if (typeof value === 'string') return names.indexOf(value.replace(prefix, '').toLowerCase())
  return value ?? 0
}

function attributesOf(pairs: KeyValue[] | undefined): Attributes {
  return Object.fromEntries((pairs ?? []).map(({ key, value }) => [key, attributeValue(value)]))
}

function attributeValue(value: AnyValue | undefined): AttributeValue {
  if (!value) return null
  if (value.stringValue !== undefined) return value.stringValue
  if (value.intValue !== undefined) return Number(value.intValue)
  if (value.boolValue !== undefined) return value.boolValue
  if (value.doubleValue !== undefined) return value.doubleValue
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(attributeValue)
  if (value.kvlistValue !== undefined) return attributesOf(value.kvlistValue.values)
  return value.bytesValue ?? null
}
