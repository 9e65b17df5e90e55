import type { DatabaseSync } from 'node:sqlite'
import type { Attributes, Span } from './span.ts'

export interface TraceSearch {
  service?: string
  operation?: string
  attributes?: Attributes
  startUs?: number
  endUs?: number
  minDurationUs?: number
  maxDurationUs?: number
  limit: number
}

export interface SpanStore {
  add(spans: Span[]): void
  trace(traceId: string): Span[]
  /** Ids of traces that hold a span which matches, the newest first. */
  search(search: TraceSearch): string[]
  services(): string[]
  operations(service: string): { name: string; kind: string }[]
  dependencies(fromUs: number, toUs: number): { parent: string; child: string; calls: number }[]
  /** Drops the oldest until at most so many are kept. Answers how many went. */
  trim(most: number): number
  count(): number
}

const schema = `
  create table if not exists spans (
    trace_id text not null, span_id text not null, parent_id text, service text not null, name text not null,
    kind text not null, start_us integer not null, duration_us integer not null, is_error integer not null,
    data text not null, primary key (trace_id, span_id)
  ) without rowid;
  create index if not exists spans_by_service on spans (service, start_us);
  create index if not exists spans_by_operation on spans (service, name, start_us);
  create index if not exists spans_by_start on spans (start_us);
  create table if not exists operations (
    service text not null, name text not null, kind text not null, primary key (service, name, kind)
  ) without rowid;
`

/** Spans in SQLite: one process writes and reads, and at the scale of one machine that is faster than any server. */
export function createSpanStore(db: DatabaseSync): SpanStore {
  db.exec(schema)
  const insert = db.prepare('insert or replace into spans values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const insertOperation = db.prepare('insert or ignore into operations values (?, ?, ?)')
  const byTrace = db.prepare('select * from spans where trace_id = ? order by start_us, span_id')
  const services = db.prepare('select distinct service from operations order by service')
  const operations = db.prepare('select name, kind from operations where service = ? order by name, kind')
  const count = db.prepare('select count(*) as spans from spans')
  const nth = db.prepare('select start_us from spans order by start_us limit 1 offset ?')
  const drop = db.prepare('delete from spans where start_us <= ?')
  const dependencies = db.prepare(`
    select parent.service as parent, child.service as child, count(*) as calls
    from spans child join spans parent on parent.trace_id = child.trace_id and parent.span_id = child.parent_id
    where child.start_us between ? and ? and parent.service <> child.service
    group by 1, 2 order by 3 desc`)
  const known = new Set<string>()

  const spanCount = () => Number((count.get() as { spans: number }).spans)
  const write = (span: Span) => {
    const { traceId, spanId, parentId, service, name, kind, startUs, durationUs, isError } = span
    const { statusMessage, attributes, resource, events, links } = span
    const data = JSON.stringify({ statusMessage, attributes, resource, events, links })
    insert.run(traceId, spanId, parentId, service, name, kind, startUs, durationUs, isError ? 1 : 0, data)
    const operation = `${service}\n${name}\n${kind}`
    if (known.has(operation)) return
    if (known.size < 10_000) known.add(operation)
    insertOperation.run(service, name, kind)
  }

  return {
    add(spans) {
      db.exec('begin')
      try {
        for (const span of spans) write(span)
        db.exec('commit')
      } catch (error) {
        db.exec('rollback')
        throw error
      }
    },
    trace: traceId => (byTrace.all(traceId) as unknown as SpanRow[]).map(toSpan),
    search(search) {
      const { where, values } = conditionsOf(search)
      const statement = db.prepare(
        `select trace_id from spans ${where} group by trace_id order by max(start_us) desc limit ?`,
      )
      return (statement.all(...values, search.limit) as { trace_id: string }[]).map(row => row.trace_id)
    },
    services: () => (services.all() as { service: string }[]).map(row => row.service),
    operations: service => operations.all(service) as { name: string; kind: string }[],
    dependencies: (fromUs, toUs) =>
      dependencies.all(fromUs, toUs) as { parent: string; child: string; calls: number }[],
    trim(most) {
      const surplus = spanCount() - most
      if (surplus <= 0) return 0
      const { start_us } = nth.get(surplus - 1) as { start_us: number }
      return Number(drop.run(start_us).changes)
    },
    count: spanCount,
  }
}

interface SpanRow {
  trace_id: string
  span_id: string
  parent_id: string | null
  service: string
  name: string
  kind: Span['kind']
  start_us: number
  duration_us: number
  is_error: number
  data: string
}

const toSpan = (row: SpanRow): Span => ({
  traceId: row.trace_id,
  spanId: row.span_id,
  parentId: row.parent_id,
  service: row.service,
  name: row.name,
  kind: row.kind,
  startUs: row.start_us,
  durationUs: row.duration_us,
  isError: row.is_error === 1,
  ...JSON.parse(row.data),
})

function conditionsOf(search: TraceSearch) {
  const conditions: string[] = []
  const values: (string | number)[] = []
  const add = (condition: string, ...given: (string | number | undefined)[]) => {
    if (given.includes(undefined)) return
    conditions.push(condition)
    values.push(...(given as (string | number)[]))
  }
  add('service = ?', search.service)
  add('name = ?', search.operation)
  add('start_us >= ?', search.startUs)
  add('start_us <= ?', search.endUs)
  add('duration_us >= ?', search.minDurationUs)
  add('duration_us <= ?', search.maxDurationUs)
  for (const [name, value] of Object.entries(search.attributes ?? {})) add(...attributeCondition(name, value))
  return { where: conditions.length > 0 ? `where ${conditions.join(' and ')}` : '', values }
}

/** Jaeger's clients send all values as text, and `error=true` for a failed span. */
function attributeCondition(
  name: string,
  value: Attributes[string],
): [condition: string, ...values: (string | number)[]] {
  const text = String(value)
  if (name === 'error') return ['is_error = ?', text === 'true' ? 1 : 0]
  if (name === 'span.kind') return ['kind = ?', text]
  // SQLite reads JSON's true as 1.
  const kept = text === 'true' ? '1' : text === 'false' ? '0' : text
  const path = `$."${name.replaceAll('"', '')}"`
  const holds = (room: string) => `cast(json_extract(data, '$.${room}' || substr(?, 2)) as text) = ?`
  return [`(${holds('attributes')} or ${holds('resource')})`, path, kept, path, kept]
}
