import { type QueryExecutorProvider, sql } from 'kysely'
import type { EventInfo } from './delivery.ts'

/** A failure as it is kept and shown. */
export interface FailureReport {
  name: string
  message: string
  stack: string
}

const messageLimit = 2_000
const stackLimit = 8_000

export function reportOf(error: unknown): FailureReport {
  const failure = error instanceof Error ? error : new Error(String(error))
  const cause = failure.cause instanceof Error ? `\ncaused by ${failure.cause.stack ?? failure.cause.message}` : ''
  return {
    name: failure.name,
    message: failure.message.slice(0, messageLimit),
    stack: `${failure.stack ?? ''}${cause}`.slice(0, stackLimit),
  }
}

/** What is counted: an event, or one replay of a dead letter, which is in nobody's way. */
export interface Attempted {
  id: string
  entity: string
  key: string
  number: number
}

export const attemptOf = (event: EventInfo, replayOf: string | null): Attempted =>
  replayOf === null ? event : { id: replayOf, entity: 'replay', key: event.key, number: event.number }

/**
 * Counts a failure of the handler. It is counted in the database, not by the server's deliveries, which also count what
 * was nobody's fault: a replica killed, a database away.
 *
 * @param backoffMs the delay after the first, second, … failure; the last one repeats
 */
export async function countFailure(
  executor: QueryExecutorProvider,
  consumer: string,
  { id, entity, key, number }: Attempted,
  report: FailureReport,
  backoffMs: readonly number[],
): Promise<{ attempts: number; delayMs: number }> {
  const { rows } = await sql<{ attempts: number }>`
    insert into inbox_attempts as known (consumer, event_id, entity, key, number, attempts, error, next_at)
    values (${consumer}, ${id}::uuid, ${entity}, ${key}, ${number}, 1, ${JSON.stringify(report)}::json,
      now() + ${backoffMs[0] ?? 0} * interval '1 millisecond')
    on conflict (consumer, event_id) do update
    set attempts = known.attempts + 1, error = excluded.error,
      next_at = now() + (${backoffMs}::float8[])[least(known.attempts + 1, ${backoffMs.length}::int)] * interval '1 millisecond'
    returning attempts`.execute(executor)
  const attempts = rows[0]?.attempts ?? 1
  return { attempts, delayMs: backoffMs[Math.min(attempts, backoffMs.length) - 1] ?? 0 }
}

/** Failures so far. Null without any. */
export async function failuresOf(
  executor: QueryExecutorProvider,
  consumer: string,
  { id }: Attempted,
): Promise<{ attempts: number; report: FailureReport; firstFailedAt: Date } | null> {
  const { rows } = await sql<{ attempts: number; report: FailureReport; firstFailedAt: Date }>`
    select attempts, error as report, first_failed_at as "firstFailedAt" from inbox_attempts
    where consumer = ${consumer} and event_id = ${id}::uuid`.execute(executor)
  return rows[0] ?? null
}

export async function forgetFailures(trx: QueryExecutorProvider, consumer: string, { id }: Attempted): Promise<void> {
  await sql`delete from inbox_attempts where consumer = ${consumer} and event_id = ${id}::uuid`.execute(trx)
}

/**
 * The time in ms until an earlier event of the key, which has failed, is due again; negative when it is overdue. Null
 * when none has.
 */
export async function dueInMs(
  executor: QueryExecutorProvider,
  consumer: string,
  { entity, key, number }: EventInfo,
): Promise<number | null> {
  const { rows } = await sql<{ due: number }>`
    select (extract(epoch from next_at - clock_timestamp()) * 1000)::float8 as due from inbox_attempts
    where consumer = ${consumer} and entity = ${entity} and key = ${key} and number < ${number}
    order by number limit 1`.execute(executor)
  return rows[0]?.due ?? null
}
