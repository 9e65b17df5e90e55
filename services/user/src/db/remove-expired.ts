import { type Kysely, sql } from 'kysely'
import { handleRestMs } from '../accounts/handles.ts'
import { forgetAfterMs } from '../sessions/attempts.ts'
import type { Tables } from './tables.ts'

const minute = 60_000
const day = 24 * 60 * minute

interface Expiry {
  table: keyof Tables
  column: string
  /** How long after that time the row is of use to nobody. */
  keptMs: number
}

/** What each table keeps, and no longer. A spent refresh token stays until its end: its reuse must be known. */
const expiries: readonly Expiry[] = [
  { table: 'sign_ups', column: 'expires_at', keptMs: 0 },
  { table: 'password_resets', column: 'requested_at', keptMs: day },
  { table: 'sessions', column: 'expires_at', keptMs: 0 },
  { table: 'session_tokens', column: 'expires_at', keptMs: 0 },
  { table: 'attempts', column: 'last_at', keptMs: forgetAfterMs },
  { table: 'revocations', column: 'created_at', keptMs: 10 * minute },
  { table: 'retired_handles', column: 'retired_at', keptMs: handleRestMs },
]

/** Removes what expired, at most `limit` rows of each table. @returns the largest number of one table */
export async function removeExpired(db: Kysely<Tables>, now: Date, limit: number): Promise<number> {
  let most = 0
  for (const { table, column, keptMs } of expiries) {
    const before = new Date(now.getTime() - keptMs)
    const { numAffectedRows } = await sql`delete from ${sql.table(table)} where ctid = any(array(
      select ctid from ${sql.table(table)} where ${sql.ref(column)} < ${before}
      limit ${limit} for update skip locked))`.execute(db)
    most = Math.max(most, Number(numAffectedRows ?? 0n))
  }
  return most
}
