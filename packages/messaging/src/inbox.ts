import { type QueryExecutorProvider, sql } from 'kysely'
import type { EventInfo } from './delivery.ts'

/** Where an event stands among those of its key, for one consumer. */
export type Claim =
  /** It is the next, and the position is ours until the transaction ends. */
  | { kind: 'next' }
  /** It, or a later one, was handled before. */
  | { kind: 'repeat' }
  /** Those between `position` and it were not handled yet. */
  | { kind: 'early'; position: number }

/**
 * Advances the key's position to this event, if it stands at `after`. The row stays locked until the transaction ends:
 * a second replica with the same event waits, and then finds it handled; one with the next event waits, and then finds it
 * next. If the transaction is rolled back, so is the claim.
 */
export async function claim(
  trx: QueryExecutorProvider,
  consumer: string,
  { entity, key, number }: EventInfo,
  after: number = number - 1,
): Promise<Claim> {
  const advanced =
    after === 0
      ? await sql`
          insert into inbox_positions (consumer, entity, key, number) values (${consumer}, ${entity}, ${key}, ${number})
          on conflict do nothing`.execute(trx)
      : await sql`
          update inbox_positions set number = ${number}, handled_at = now()
          where consumer = ${consumer} and entity = ${entity} and key = ${key} and number = ${after}`.execute(trx)
  if (advanced.numAffectedRows === 1n) return { kind: 'next' }
  const { rows } = await sql<{ number: number }>`
    select number from inbox_positions
    where consumer = ${consumer} and entity = ${entity} and key = ${key}`.execute(trx)
  const position = rows[0]?.number ?? 0
  return position >= number ? { kind: 'repeat' } : { kind: 'early', position }
}

/** Remembers that a dead letter's replay is handled in this transaction. False when it was before. */
export async function claimReplay(
  trx: QueryExecutorProvider,
  consumer: string,
  deadLetterId: string,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into inbox_replays (consumer, dead_letter_id) values (${consumer}, ${deadLetterId}::uuid)
    on conflict do nothing`.execute(trx)
  return numAffectedRows === 1n
}
