import { type Kysely, sql } from 'kysely'

/** Runs the work while it alone holds the name's lock; false when another one holds it. */
export type TryLock = (name: string, work: () => Promise<unknown>) => Promise<boolean>

/**
 * A lock of PostgreSQL's, kept by one connection for as long as the work takes, without a transaction. A process that is
 * killed loses its connection, and with it the lock.
 */
export function advisoryLock<Tables>(kysely: Kysely<Tables>): TryLock {
  return (name, work) =>
    kysely.connection().execute(async connection => {
      const id = sql`hashtextextended(${`portico job ${name}`}, 0)`
      const { rows } = await sql<{ locked: boolean }>`select pg_try_advisory_lock(${id}) as locked`.execute(connection)
      if (!rows[0]?.locked) return false
      try {
        await work()
        return true
      } finally {
        await sql`select pg_advisory_unlock(${id})`.execute(connection)
      }
    })
}
