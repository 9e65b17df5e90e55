import { createJobs, type Job, type Jobs } from '@portico/chassis'
import type { Context } from './context.ts'

/** Every job of the service. */
export function createServiceJobs({ config, mails, spans, telemetry }: Context): Jobs {
  const jobs: Job[] = [
    { name: 'trim spans', everyMs: 60_000, run: async () => spans.trim(config.keep.spans) },
    { name: 'trim mails', everyMs: 60_000, run: async () => mails.trim(config.keep.mails) },
  ]
  return createJobs({ telemetry, jobs })
}
