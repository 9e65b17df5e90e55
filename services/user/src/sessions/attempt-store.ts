import { TooManyRequests } from '@portico/contracts'
import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.ts'
import { type Counter, forgetAfterMs, waitAfter } from './attempts.ts'

export type AttemptStore = ReturnType<typeof attemptStore>

export function attemptStore(db: Kysely<Tables>) {
  return {
    /**
     * Counts a try before it is made, holding the counter's row: a hundred tries at once are counted as a hundred.
     * A right password takes the count away again.
     *
     * @throws {ProblemError} `too_many_requests` with `Retry-After` while the account waits
     */
    async take(counters: readonly Counter[], now: Date): Promise<void> {
      for (const counter of counters) await count(db, counter, now)
    },

    /** One by one, in the order in which `take` holds them: in any other, two sign-ins at once could wait for each other. */
    async clear(counters: readonly Counter[]): Promise<void> {
      for (const { key } of counters) await db.deleteFrom('attempts').where('key', '=', key).execute()
    },
  }
}

async function count(db: Kysely<Tables>, { key, freeTries }: Counter, now: Date): Promise<void> {
  const row = await held(db, key, now)
  if (row.blocked_until !== null && row.blocked_until > now) throw tooMany(row.blocked_until, now)
  const next = now.getTime() - row.last_at.getTime() > forgetAfterMs ? 1 : row.count + 1
  const waitMs = waitAfter(next, freeTries)
  const blockedUntil = waitMs > 0 ? new Date(now.getTime() + waitMs) : null
  await db
    .updateTable('attempts')
    .set({ count: next, last_at: now, blocked_until: blockedUntil })
    .where('key', '=', key)
    .execute()
}

/** The counter's row, made when it is missing, and held until the transaction ends. */
async function held(db: Kysely<Tables>, key: Buffer, now: Date) {
  return db
    .insertInto('attempts')
    .values({ key, count: 0, last_at: now, blocked_until: null })
    .onConflict(conflict => conflict.column('key').doUpdateSet({ key }))
    .returning(['count', 'last_at', 'blocked_until'])
    .executeTakeFirstOrThrow()
}

function tooMany(until: Date, now: Date) {
  const seconds = Math.ceil((until.getTime() - now.getTime()) / 1_000)
  return TooManyRequests({
    detail: 'Too many wrong passwords for this address.',
    headers: { 'retry-after': String(Math.max(1, seconds)) },
  })
}
