import { createJobs, type Job, type Jobs, untilDone } from '@portico/chassis'
import { expireLedger } from '@portico/database'
import { cleanMessaging } from '@portico/messaging'
import type { Context } from './context.ts'
import { publishDue } from './posts/publish-due.ts'
import { purgeTrash } from './posts/purge-trash.ts'
import { addUpTags } from './tags/tag-store.ts'

const second = 1_000
const minute = 60 * second

/** Every job of the service. Each takes only rows that nobody else has locked, so all replicas run all but exclusive ones. */
export function createServiceJobs(context: Context): Jobs {
  const { database, telemetry } = context
  const jobs: Job[] = [
    { name: 'publish scheduled posts', everyMs: second, run: () => publishDue(context) },
    {
      name: 'add up tags',
      everyMs: 5 * second,
      // Two at once would lock the same tags in two orders.
      exclusive: true,
      run: signal => untilDone(signal, 5_000, limit => addUpTags(database.kysely, limit)),
    },
    { name: 'purge trash', everyMs: 10 * minute, run: signal => purgeTrash(context, signal) },
    {
      name: 'expire idempotency ledger',
      everyMs: 5 * minute,
      run: signal => untilDone(signal, 1_000, limit => expireLedger(database.kysely, limit)),
    },
    { name: 'clean outbox and inbox', everyMs: 60 * minute, run: signal => cleanMessaging(database, { signal }) },
  ]
  return createJobs({ telemetry, jobs, database })
}
