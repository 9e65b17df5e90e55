import { createJobs, type Job, type Jobs, untilDone } from '@portico/chassis'
import { expireLedger } from '@portico/database'
import { cleanMessaging } from '@portico/messaging'
import type { Context } from './context.ts'

const minute = 60_000
const day = 24 * 60 * minute
/** How long one can look up whether a mail went out. */
const keepMailsMs = 30 * day
const keepNoticesMs = 180 * day

/** Every job of the service. Each takes only rows that nobody else has locked, so all replicas run all of them. */
export function createServiceJobs({ clock, database, telemetry, transact }: Context): Jobs {
  const ago = (ms: number) => new Date(clock().getTime() - ms)
  const jobs: Job[] = [
    {
      name: 'forget old mails',
      everyMs: 30 * minute,
      run: signal =>
        untilDone(signal, 1_000, limit => transact(({ mails }) => mails.forgetBefore(ago(keepMailsMs), limit))),
    },
    {
      name: 'forget old notices',
      everyMs: 30 * minute,
      run: signal =>
        untilDone(signal, 1_000, limit => transact(({ notices }) => notices.forgetBefore(ago(keepNoticesMs), limit))),
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
