import type { Database } from '@portico/database'
import { type QueryExecutorProvider, sql } from 'kysely'

/** An event on its way. */
export interface OutboxRow {
  sequence: number
  id: string
  entity: string
  key: string
  number: number
  previousAt: Date | null
  subject: string
  /** JSON. */
  payload: string
  traceparent: string | null
  tracestate: string | null
  createdAt: Date
}

/** An event that JetStream acknowledged, and its place in the stream. */
export interface PublishedRow {
  sequence: number
  streamSequence: number
}

/** Age in ms of the oldest row that is not published, 0 without one. Reads one entry of the partial index. */
export async function oldestUnpublished<Tables>(database: Database<Tables>): Promise<number> {
  const { rows } = await sql<{ age: number }>`
    select greatest(extract(epoch from clock_timestamp() - created_at) * 1000, 1)::float8 as age
    from outbox where published_at is null order by sequence limit 1`.execute(database.kysely)
  return rows[0]?.age ?? 0
}

export async function unpublished(trx: QueryExecutorProvider, limit: number): Promise<OutboxRow[]> {
  const { rows } = await sql<OutboxRow>`
    select sequence, id, entity, key, number, previous_at as "previousAt", subject, payload::text as payload,
      traceparent, tracestate, created_at as "createdAt"
    from outbox where published_at is null order by sequence limit ${limit}`.execute(trx)
  return rows
}

export async function markPublished(trx: QueryExecutorProvider, rows: readonly PublishedRow[]): Promise<void> {
  if (rows.length === 0) return
  await sql`
    update outbox set published_at = now(), stream_sequence = done.stream_sequence
    from unnest(${rows.map(row => row.sequence)}::bigint[], ${rows.map(row => row.streamSequence)}::bigint[])
      as done (sequence, stream_sequence)
    where outbox.sequence = done.sequence`.execute(trx)
}
