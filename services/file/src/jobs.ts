import { createJobs, type Job, type Jobs, untilDone } from '@portico/chassis'
import { expireLedger } from '@portico/database'
import { cleanMessaging } from '@portico/messaging'
import { sweepBlobs } from './blobs/sweep.ts'
import type { Context } from './context.ts'

const minute = 60_000
/** An upload that takes longer than this was left by a process that died. */
const longestUploadMs = 24 * 60 * minute

/** Every job of the service. Each takes only rows that nobody else has locked, so all replicas run all of them. */
export function createServiceJobs(context: Context): Jobs {
  const { blobs, database, telemetry } = context
  const jobs: Job[] = [
    { name: 'sweep unnamed blobs', everyMs: 10 * minute, run: signal => sweepBlobs(context, signal) },
    { name: 'sweep broken uploads', everyMs: 60 * minute, run: () => blobs.sweepIncoming(longestUploadMs) },
    {
      name: 'expire idempotency ledger',
      everyMs: 5 * minute,
      run: signal => untilDone(signal, 1_000, limit => expireLedger(database.kysely, limit)),
    },
    { name: 'clean outbox and inbox', everyMs: 60 * minute, run: signal => cleanMessaging(database, { signal }) },
  ]
  return createJobs({ telemetry, jobs })
}
