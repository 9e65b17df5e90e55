import { type QueryExecutorProvider, sql } from 'kysely'
import type { EventInfo } from './delivery.ts'

/** PostgreSQL's largest integer. */
const mostWaiting = 2_147_483_647

/** Where an event stands among those of its key, for one consumer. */
export type Claim =
  /** It is the next, and the position is ours until the transaction ends. `waiting`: how many of the key wait. */
  | { kind: 'next'; waiting: number }
  /** It, or a later one, was handled before. */
  | { kind: 'repeat' }
  /** Those between `position` and it were not handled yet; `waiting` of the key wait. */
  | { kind: 'early'; position: number; waiting: number }

/**
 * Advances the key's position to this event, if it stands at `after`. The row stays locked until the transaction ends:
 * a second replica with the same event waits, and then finds it handled; one with the next event waits, and then finds it
 * next. If the transaction is rolled back, so is the claim.
 *
 * @param after below `number - 1` to go on without what is missing
 * @param alone then only if none of the key waits: the missing one could be among those
 */
export async function claim(
  trx: QueryExecutorProvider,
  consumer: string,
  { entity, key, number }: EventInfo,
  { after, alone }: { after: number; alone: boolean },
): Promise<Claim> {
  const waitingAtMost = alone && after < number - 1 ? 0 : mostWaiting
  const { rows } =
    after === 0
      ? await sql<{ waiting: number }>`
          insert into inbox_positions as known (consumer, entity, key, number)
          values (${consumer}, ${entity}, ${key}, ${number})
          on conflict (consumer, entity, key) do update set number = excluded.number, handled_at = now()
          where known.number = 0 and known.waiting <= ${waitingAtMost}
          returning waiting`.execute(trx)
      : await sql<{ waiting: number }>`
          update inbox_positions set number = ${number}, handled_at = now()
          where consumer = ${consumer} and entity = ${entity} and key = ${key} and number = ${after}
            and waiting <= ${waitingAtMost}
          returning waiting`.execute(trx)
  if (rows[0]) return { kind: 'next', waiting: rows[0].waiting }
  const { position, waiting } = await standingOf(trx, consumer, { entity, key })
  return position >= number ? { kind: 'repeat' } : { kind: 'early', position, waiting }
}

async function standingOf(
  trx: QueryExecutorProvider,
  consumer: string,
  { entity, key }: Pick<EventInfo, 'entity' | 'key'>,
): Promise<{ position: number; waiting: number }> {
  const { rows } = await sql<{ position: number; waiting: number }>`
    select number as position, waiting from inbox_positions
    where consumer = ${consumer} and entity = ${entity} and key = ${key}`.execute(trx)
  return rows[0] ?? { position: 0, waiting: 0 }
}

/** Locks the key's position, making one at 0 for a key never seen, so that nobody handles an event of it meanwhile. */
export async function lockPosition(
  trx: QueryExecutorProvider,
  consumer: string,
  { entity, key }: EventInfo,
): Promise<number> {
  const { rows } = await sql<{ number: number }>`
    insert into inbox_positions as known (consumer, entity, key, number) values (${consumer}, ${entity}, ${key}, 0)
    on conflict (consumer, entity, key) do update set number = known.number
    returning number`.execute(trx)
  return rows[0]?.number ?? 0
}

/** Remembers that a dead letter's replay is handled in this transaction. */
export async function claimReplay(trx: QueryExecutorProvider, consumer: string, deadLetterId: string): Promise<Claim> {
  const { numAffectedRows } = await sql`
    insert into inbox_replays (consumer, dead_letter_id) values (${consumer}, ${deadLetterId}::uuid)
    on conflict do nothing`.execute(trx)
  return numAffectedRows === 1n ? { kind: 'next', waiting: 1 } : { kind: 'repeat' }
}

/** Within the transaction that handles the event beyond the gap: what arrives from within it later is no repeat. */
export async function acceptGap(
  trx: QueryExecutorProvider,
  consumer: string,
  { entity, key, number }: EventInfo,
  after: number,
): Promise<void> {
  await sql`
    insert into inbox_gaps (consumer, entity, key, after, before)
    values (${consumer}, ${entity}, ${key}, ${after}, ${number})
    on conflict (consumer, entity, key, after) do update set before = excluded.before`.execute(trx)
}

/** Whether the event is one of those whose absence was accepted. */
export async function isLate(
  executor: QueryExecutorProvider,
  consumer: string,
  { entity, key, number }: EventInfo,
): Promise<boolean> {
  const { rows } = await sql`
    select from inbox_gaps where consumer = ${consumer} and entity = ${entity} and key = ${key}
      and after < ${number} and ${number} < before`.execute(executor)
  return rows.length > 0
}
