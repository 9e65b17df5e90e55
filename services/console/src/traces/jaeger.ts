import type { JaegerTrace } from '@portico/contracts/console'
import type { Attributes, AttributeValue, Span } from './span.ts'

// Jaeger's HTTP query API has no written standard; this is what its UI and Grafana's data source send and read.

/** One trace as Jaeger's UI reads it. Spans of one process share a `processID`. */
export function jaegerTrace(traceId: string, spans: readonly Span[]): JaegerTrace {
  const processes: JaegerTrace['processes'] = {}
  const processIds = new Map<string, string>()
  const processOf = (span: Span) => {
    const key = `${span.service}\n${JSON.stringify(span.resource)}`
    const known = processIds.get(key)
    if (known) return known
    const id = `p${processIds.size + 1}`
    processIds.set(key, id)
    processes[id] = { serviceName: span.service, tags: tagsOf(span.resource) }
    return id
  }
  return { traceID: traceId, spans: spans.map(span => jaegerSpan(span, processOf(span))), processes, warnings: null }
}

function jaegerSpan(span: Span, processID: string): JaegerTrace['spans'][number] {
  const parent = span.parentId === null ? [] : [{ refType: 'CHILD_OF', traceID: span.traceId, spanID: span.parentId }]
  const linked = span.links.map(({ traceId, spanId }) => ({
    refType: 'FOLLOWS_FROM',
    traceID: traceId,
    spanID: spanId,
  }))
  return {
    traceID: span.traceId,
    spanID: span.spanId,
    operationName: span.name,
    references: [...parent, ...linked],
    startTime: span.startUs,
    duration: span.durationUs,
    tags: [
      ...tagsOf(span.attributes),
      ...(span.kind === 'unspecified' ? [] : [tag('span.kind', span.kind)]),
      ...(span.isError ? [tag('error', true), tag('otel.status_code', 'ERROR')] : []),
      ...(span.statusMessage ? [tag('otel.status_description', span.statusMessage)] : []),
    ],
    logs: span.events.map(({ name, atUs, attributes }) => ({
      timestamp: atUs,
      fields: [tag('event', name), ...tagsOf(attributes)],
    })),
    processID,
    warnings: null,
  }
}

const tagsOf = (attributes: Attributes) => Object.entries(attributes).map(([key, value]) => tag(key, value))

function tag(key: string, value: AttributeValue) {
  if (typeof value === 'boolean') return { key, type: 'bool', value }
  if (typeof value === 'number') return { key, type: Number.isInteger(value) ? 'int64' : 'float64', value }
  return { key, type: 'string', value: typeof value === 'string' ? value : JSON.stringify(value) }
}

const unitsUs: Record<string, number> = {
  ns: 0.001,
  us: 1,
  µs: 1,
  ms: 1_000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
}

/** `1.5ms` as microseconds; undefined for what is empty or no duration. */
export function durationUsOf(text: string | undefined): number | undefined {
  const [, figure = '', unit = ''] = /^([0-9.]+)(ns|us|µs|ms|s|m|h)$/.exec(text ?? '') ?? []
  const value = Number(figure) * (unitsUs[unit] ?? Number.NaN)
  return Number.isFinite(value) ? Math.round(value) : undefined
}

/** Attributes to search for: `tags={"a":"b"}` and any number of `tag=a:b`. */
export function attributesAskedFor(tags: string | undefined, pairs: readonly string[] = []): Attributes {
  const found: Attributes = {}
  for (const pair of pairs) {
    const colon = pair.indexOf(':')
    if (colon > 0) found[pair.slice(0, colon)] = pair.slice(colon + 1)
  }
  const parsed: unknown = tags ? JSON.parse(tags) : {}
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) throw new SyntaxError('tags is no object')
  return { ...found, ...parsed }
}
