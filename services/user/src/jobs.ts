import { createJobs, type Job, type Jobs, untilDone } from '@portico/chassis'
import { expireLedger } from '@portico/database'
import { cleanMessaging } from '@portico/messaging'
import type { Context } from './context.ts'
import { removeExpired } from './db/remove-expired.ts'

const second = 1_000
const minute = 60 * second

/** Every job of the service. Each takes only rows that nobody else has locked, so all replicas run all of them. */
export function createServiceJobs(context: Context): Jobs {
  const { clock, database, resetMailer, telemetry } = context
  const jobs: Job[] = [
    { name: 'mail password resets', everyMs: 2 * second, run: signal => resetMailer.run(signal) },
    {
      name: 'remove what expired',
      everyMs: minute,
      run: signal => untilDone(signal, 1_000, limit => removeExpired(database.kysely, clock(), limit)),
    },
    {
      name: 'expire idempotency ledger',
      everyMs: 5 * minute,
      run: signal => untilDone(signal, 1_000, limit => expireLedger(database.kysely, limit)),
    },
    { name: 'clean outbox and inbox', everyMs: 60 * minute, run: signal => cleanMessaging(database, { signal }) },
  ]
  return createJobs({ telemetry, jobs })
}
