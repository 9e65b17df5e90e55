import type { Database } from '@portico/database'
import { type QueryExecutorProvider, sql } from 'kysely'
import { streamMaxAgeMs } from './streams.ts'

const day = 24 * 60 * 60 * 1_000
/** Longer than a stream keeps its events, so that a stream can always be rebuilt. */
export const outboxKeepMs = streamMaxAgeMs + 3 * day
/** Longer than the outbox keeps its rows: nothing that old can arrive again. */
export const inboxKeepMs = outboxKeepMs + 20 * day
const rowsAtOnce = 1_000
const statementsAtMost = 100

/**
 * The job that keeps outbox and inbox small, in statements of bounded size; for once an hour. The numbers in
 * `outbox_keys` stay for good: a key that began again at 1 would be taken for a repeat.
 *
 * @returns how many rows are gone
 */
export async function cleanMessaging<Tables>(
  { kysely }: Pick<Database<Tables>, 'kysely'>,
  { signal }: { signal?: AbortSignal } = {},
): Promise<number> {
  let total = 0
  for (const table of [outboxRows, positions, replays, gaps]) {
    for (let statement = 0; statement < statementsAtMost && !signal?.aborted; statement++) {
      const count = await table(kysely)
      total += count
      if (count < rowsAtOnce) break
    }
  }
  return total
}

const ago = (ms: number) => sql`now() - ${ms} * interval '1 millisecond'`

async function countOf(executor: QueryExecutorProvider, statement: ReturnType<typeof sql>): Promise<number> {
  const { numAffectedRows } = await statement.execute(executor)
  return Number(numAffectedRows ?? 0n)
}

/** Oldest first along the primary key; what is not published stays however old. */
function outboxRows(executor: QueryExecutorProvider): Promise<number> {
  return countOf(
    executor,
    sql`delete from outbox where sequence in (
      select sequence from outbox
      where published_at is not null and created_at < ${ago(outboxKeepMs)}
      order by sequence limit ${rowsAtOnce})`,
  )
}

/** A key that speaks again after that finds no position: its predecessor's date explains the gap. */
function positions(executor: QueryExecutorProvider): Promise<number> {
  return countOf(
    executor,
    sql`delete from inbox_positions where ctid in (
      select ctid from inbox_positions where handled_at < ${ago(inboxKeepMs)} and waiting = 0 limit ${rowsAtOnce})`,
  )
}

function replays(executor: QueryExecutorProvider): Promise<number> {
  return countOf(
    executor,
    sql`delete from inbox_replays where ctid in (
      select ctid from inbox_replays where handled_at < ${ago(100 * day)} limit ${rowsAtOnce})`,
  )
}

function gaps(executor: QueryExecutorProvider): Promise<number> {
  return countOf(
    executor,
    sql`delete from inbox_gaps where ctid in (
      select ctid from inbox_gaps where accepted_at < ${ago(inboxKeepMs)} limit ${rowsAtOnce})`,
  )
}
