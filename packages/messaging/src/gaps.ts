import { type QueryExecutorProvider, sql } from 'kysely'
import type { EventInfo } from './delivery.ts'

/** How often a gap must have been seen, besides its age: time in which nothing was delivered proves nothing. */
const sightingsAtLeast = 4

/**
 * Takes down that an event stands before a gap.
 *
 * @returns true when the gap has been seen for `waitMs`, again and again, and this is the lowest event beyond it: what is
 * missing would have come by now.
 */
export async function gapIsOld(
  executor: QueryExecutorProvider,
  consumer: string,
  { entity, key, number }: EventInfo,
  after: number,
  waitMs: number,
): Promise<boolean> {
  // A lower event beyond the gap takes the place of a higher one; a higher one only when the lower stayed away.
  const { rows } = await sql<{ before: number; ageMs: number; sightings: number }>`
    insert into inbox_gaps as known (consumer, entity, key, after, before)
    values (${consumer}, ${entity}, ${key}, ${after}, ${number})
    on conflict (consumer, entity, key, after) do update set
      before = case when known.last_seen_at < now() - ${waitMs} * interval '1 millisecond'
        then excluded.before else least(known.before, excluded.before) end,
      last_seen_at = case when excluded.before <= known.before
        or known.last_seen_at < now() - ${waitMs} * interval '1 millisecond' then now() else known.last_seen_at end,
      sightings = known.sightings + (excluded.before <= known.before)::int
    returning before, sightings, (extract(epoch from now() - first_seen_at) * 1000)::float8 as "ageMs"`.execute(
    executor,
  )
  const gap = rows[0]
  return gap !== undefined && gap.before === number && gap.ageMs >= waitMs && gap.sightings >= sightingsAtLeast
}

/** Within the transaction that handles the event beyond the gap. What arrives from within it later is no repeat. */
export async function acceptGap(
  trx: QueryExecutorProvider,
  consumer: string,
  { entity, key, number }: EventInfo,
  after: number,
): Promise<void> {
  await sql`
    insert into inbox_gaps (consumer, entity, key, after, before, accepted_at)
    values (${consumer}, ${entity}, ${key}, ${after}, ${number}, now())
    on conflict (consumer, entity, key, after) do update
    set before = excluded.before, accepted_at = now()`.execute(trx)
}

/** Whether the event is one of those whose absence was accepted. */
export async function isLate(
  executor: QueryExecutorProvider,
  consumer: string,
  { entity, key, number }: EventInfo,
): Promise<boolean> {
  const { rows } = await sql`
    select 1 from inbox_gaps where consumer = ${consumer} and entity = ${entity} and key = ${key}
      and accepted_at is not null and after < ${number} and ${number} < before`.execute(executor)
  return rows.length > 0
}

/** A gap that filled itself needs no record. */
export async function forgetGap(
  executor: QueryExecutorProvider,
  consumer: string,
  { entity, key, number }: EventInfo,
): Promise<void> {
  await sql`
    delete from inbox_gaps where consumer = ${consumer} and entity = ${entity} and key = ${key}
      and after = ${number - 1} and accepted_at is null`.execute(executor)
}
