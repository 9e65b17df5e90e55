import { type QueryExecutorProvider, sql } from 'kysely'
import { type Delivery, deliveryOfRow, type WaitingRow } from './delivery.ts'
import type { FailureReport } from './failure-report.ts'
import { lockPosition } from './inbox.ts'

// Events that cannot be handled yet wait in the database, not in the server: there they would be delivered again and
// again, each time in another order, and those behind a failed one would fill what a consumer may have in flight.

/** What a waiting event is called: its own id, or that of the dead letter it replays. */
const idOf = ({ event, replayOf }: Delivery) => replayOf ?? event.id

/**
 * Keeps an event whose predecessor was not handled yet. `retry`: meanwhile it was, so that this one is next or a repeat;
 * the position's lock makes sure that one of the two sees the other.
 */
export async function keepEarly(
  trx: QueryExecutorProvider,
  consumer: string,
  delivery: Delivery,
): Promise<'kept' | 'retry'> {
  const position = await lockPosition(trx, consumer, delivery.event)
  if (position >= delivery.event.number - 1) return 'retry'
  await insert(trx, consumer, delivery)
  return 'kept'
}

/**
 * Keeps an event whose handler failed, and counts the failure. It is counted here and not by the server, which would
 * also count what was nobody's fault: a replica killed, a database away.
 *
 * @param backoffMs the delay after the first, second, … failure; the last one repeats
 * @returns failures so far; null when another replica has handled it meanwhile
 */
export async function keepFailed(
  trx: QueryExecutorProvider,
  consumer: string,
  delivery: Delivery,
  report: FailureReport,
  backoffMs: readonly number[],
): Promise<number | null> {
  if (delivery.replayOf === null) {
    const position = await lockPosition(trx, consumer, delivery.event)
    if (position >= delivery.event.number) return null
  }
  const delays = sql`(${backoffMs}::float8[])[least(attempts + 1, ${backoffMs.length}::int)] * interval '1 millisecond'`
  const count = () =>
    sql<{ attempts: number }>`
      update inbox_waiting set attempts = attempts + 1, error = ${JSON.stringify(report)}::json,
        first_failed_at = coalesce(first_failed_at, now()), due_at = now() + ${delays}
      where consumer = ${consumer} and id = ${idOf(delivery)}::uuid
      returning attempts`.execute(trx)
  const known = await count()
  if (known.rows[0]) return known.rows[0].attempts
  await insert(trx, consumer, delivery)
  return (await count()).rows[0]?.attempts ?? 1
}

async function insert(trx: QueryExecutorProvider, consumer: string, delivery: Delivery): Promise<void> {
  const { event, replayOf, trace, origin } = delivery
  const { entity, key, number } = event
  const { numAffectedRows } = await sql`
    insert into inbox_waiting (consumer, id, entity, key, number, event_id, subject, payload, created_at,
      traceparent, tracestate, origin, replay_of)
    values (${consumer}, ${idOf(delivery)}::uuid, ${entity}, ${key}, ${number}, ${event.id}::uuid, ${event.subject},
      ${delivery.text()}, ${event.createdAt}, ${trace.traceparent ?? null}, ${trace.tracestate ?? null},
      ${origin.traceparent ?? null}, ${replayOf}::uuid)
    on conflict (consumer, id) do nothing`.execute(trx)
  if (numAffectedRows !== 1n || replayOf !== null) return
  await sql`
    update inbox_positions set waiting = waiting + 1
    where consumer = ${consumer} and entity = ${entity} and key = ${key}`.execute(trx)
}

/**
 * Locks a waiting event for the transaction: its key's position before its row, in the order of everybody else.
 *
 * @returns how often it was tried; null when it waits no longer
 */
export async function lockWaiting(
  trx: QueryExecutorProvider,
  consumer: string,
  delivery: Delivery,
): Promise<number | null> {
  if (delivery.replayOf === null) await lockPosition(trx, consumer, delivery.event)
  const { rows } = await sql<{ attempts: number }>`
    select attempts from inbox_waiting where consumer = ${consumer} and id = ${idOf(delivery)}::uuid
    for update`.execute(trx)
  return rows[0]?.attempts ?? null
}

/** Takes a handled event, and whatever of its key is behind it, off the waiting. For the handler's transaction. */
export async function forget(trx: QueryExecutorProvider, consumer: string, delivery: Delivery): Promise<void> {
  const { entity, key, number } = delivery.event
  if (delivery.replayOf !== null) {
    await sql`delete from inbox_waiting where consumer = ${consumer} and id = ${delivery.replayOf}::uuid`.execute(trx)
    return
  }
  await sql`
    with gone as (
      delete from inbox_waiting
      where consumer = ${consumer} and entity = ${entity} and key = ${key} and number <= ${number} and replay_of is null
      returning 1
    )
    update inbox_positions set waiting = waiting - (select count(*) from gone)
    where consumer = ${consumer} and entity = ${entity} and key = ${key}`.execute(trx)
}

export interface Failures {
  attempts: number
  report: FailureReport
  firstFailedAt: Date
}

/** What is known of the event's failures; null when it does not wait, or did not fail. */
export async function failuresOf(
  executor: QueryExecutorProvider,
  consumer: string,
  delivery: Delivery,
): Promise<Failures | null> {
  const { rows } = await sql<Failures>`
    select attempts, error as report, first_failed_at as "firstFailedAt" from inbox_waiting
    where consumer = ${consumer} and id = ${idOf(delivery)}::uuid and attempts > 0`.execute(executor)
  return rows[0] ?? null
}

export async function isWaiting(
  executor: QueryExecutorProvider,
  consumer: string,
  delivery: Delivery,
): Promise<boolean> {
  const { rows } = await sql`
    select from inbox_waiting where consumer = ${consumer} and id = ${idOf(delivery)}::uuid`.execute(executor)
  return rows.length > 0
}

const columns = sql`
  w.id, w.entity, w.key, w.number, w.event_id as "eventId", w.subject, w.payload, w.created_at as "createdAt",
  w.traceparent, w.tracestate, w.origin, w.replay_of as "replayOf", w.attempts`

/** The key's next event, if it waits and is due. */
export async function nextOf(
  executor: QueryExecutorProvider,
  consumer: string,
  { entity, key, number }: { entity: string; key: string; number: number },
): Promise<Delivery | null> {
  const { rows } = await sql<WaitingRow>`
    select ${columns} from inbox_waiting w
    where w.consumer = ${consumer} and w.entity = ${entity} and w.key = ${key} and w.number = ${number + 1}
      and w.replay_of is null and w.due_at <= now()`.execute(executor)
  return rows[0] ? deliveryOfRow(rows[0]) : null
}

/** Events that are next of their key and due, and replays that are. */
export async function dueNow(executor: QueryExecutorProvider, consumer: string, limit: number): Promise<Delivery[]> {
  const { rows } = await sql<WaitingRow>`
    (select ${columns} from inbox_positions p join inbox_waiting w
      on w.consumer = p.consumer and w.entity = p.entity and w.key = p.key and w.number = p.number + 1
    where p.consumer = ${consumer} and p.waiting > 0 and w.replay_of is null and w.due_at <= now() limit ${limit})
    union all
    (select ${columns} from inbox_waiting w
    where w.consumer = ${consumer} and w.replay_of is not null and w.due_at <= now() limit ${limit})`.execute(executor)
  return rows.map(row => deliveryOfRow(row))
}

/** The first event beyond each gap, as a delivery that accepts it. */
export async function beyondGaps(
  executor: QueryExecutorProvider,
  consumer: string,
  limit: number,
): Promise<Delivery[]> {
  const { rows } = await sql<WaitingRow & { position: number }>`
    select ${columns}, p.number as position from inbox_positions p join lateral (
      select * from inbox_waiting lowest
      where lowest.consumer = p.consumer and lowest.entity = p.entity and lowest.key = p.key and lowest.replay_of is null
        and lowest.number > p.number
      order by number limit 1
    ) w on w.number > p.number + 1 and w.due_at <= now()
    where p.consumer = ${consumer} and p.waiting > 0 limit ${limit}`.execute(executor)
  return rows.map(row => deliveryOfRow(row, row.position))
}

export async function countWaiting(executor: QueryExecutorProvider, consumer: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from inbox_waiting where consumer = ${consumer}`.execute(executor)
  return rows[0]?.count ?? 0
}
