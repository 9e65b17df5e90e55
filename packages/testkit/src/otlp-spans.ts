/** A span as it arrived, its attributes unfolded. */
export interface CapturedSpan {
  traceId: string
  spanId: string
  parentSpanId: string | null
  name: string
  kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer' | 'unspecified'
  service: string
  instance: string
  attributes: Record<string, unknown>
  status: 'unset' | 'ok' | 'error'
  links: { traceId: string; spanId: string }[]
  events: { name: string; attributes: Record<string, unknown> }[]
  startedAtMs: number
  durationMs: number
}

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const
const statuses = ['unset', 'ok', 'error'] as const

/**
 * The spans of an OTLP/HTTP JSON body (opentelemetry-proto, ExportTraceServiceRequest).
 *
 * @throws TypeError when it is something else: a test shall not pass over what a real receiver would refuse
 */
export function readSpans(body: unknown): CapturedSpan[] {
  return list(body, 'resourceSpans').flatMap(resourceSpans => {
    const resource = attributesOf(field(resourceSpans, 'resource'))
    const service = String(resource['service.name'])
    const instance = String(resource['service.instance.id'])
    return list(resourceSpans, 'scopeSpans').flatMap(scope =>
      list(scope, 'spans').map(span => readSpan(span, service, instance)),
    )
  })
}

function readSpan(span: unknown, service: string, instance: string): CapturedSpan {
  const startedAt = BigInt(text(span, 'startTimeUnixNano'))
  const endedAt = BigInt(text(span, 'endTimeUnixNano'))
  return {
    traceId: id(span, 'traceId', 32),
    spanId: id(span, 'spanId', 16),
    parentSpanId: field(span, 'parentSpanId') ? id(span, 'parentSpanId', 16) : null,
    name: text(span, 'name'),
    kind: kinds[Number(field(span, 'kind') ?? 0)] ?? 'unspecified',
    service,
    instance,
    attributes: attributesOf(span),
    status: statuses[Number(field(field(span, 'status'), 'code') ?? 0)] ?? 'unset',
    links: list(span, 'links').map(link => ({ traceId: id(link, 'traceId', 32), spanId: id(link, 'spanId', 16) })),
    events: list(span, 'events').map(event => ({ name: text(event, 'name'), attributes: attributesOf(event) })),
    startedAtMs: Number(startedAt / 1_000n) / 1_000,
    durationMs: Number(endedAt - startedAt) / 1e6,
  }
}

function attributesOf(holder: unknown): Record<string, unknown> {
  return Object.fromEntries(
    list(holder, 'attributes').map(entry => [text(entry, 'key'), plainValue(field(entry, 'value'))]),
  )
}

/** AnyValue of the protocol: one of several fields is set. */
function plainValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  if ('intValue' in value) return Number(value.intValue)
  if ('arrayValue' in value) return list(value.arrayValue, 'values').map(plainValue)
  return Object.values(value)[0]
}

function field(holder: unknown, name: string): unknown {
  return typeof holder === 'object' && holder !== null
    ? Object.entries(holder).find(([key]) => key === name)?.[1]
    : undefined
}

function list(holder: unknown, name: string): unknown[] {
  const value = field(holder, name) ?? []
  if (!Array.isArray(value)) throw new TypeError(`${name} is not a list`)
  return value
}

function text(holder: unknown, name: string): string {
  const value = field(holder, name)
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw new TypeError(`${name} is missing`)
}

function id(holder: unknown, name: string, length: number): string {
  const value = text(holder, name)
  if (value.length !== length || !/^[0-9a-f]+$/.test(value)) throw new TypeError(`${value} is no ${name}`)
  return value
}
