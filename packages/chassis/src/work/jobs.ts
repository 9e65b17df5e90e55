import { ROOT_CONTEXT } from '@opentelemetry/api'
import type { Database } from '@portico/database'
import { type Telemetry, withSpan } from '@portico/telemetry'
import { advisoryLock } from './advisory-lock.ts'

export interface Job {
  name: string
  /** From the end of one run to the start of the next, with a tenth of jitter, so that replicas spread. */
  everyMs: number
  /** The signal aborts when the process stops. */
  run(signal: AbortSignal): Promise<unknown>
  /** Runs in one replica at a time. */
  exclusive?: boolean
}

export interface JobsOptions<Tables> {
  telemetry: Telemetry
  jobs: readonly Job[]
  /** Where jobs that are `exclusive` take their lock. */
  database?: Pick<Database<Tables>, 'kysely'>
}

export interface Jobs {
  start(): void
  /** Aborts what runs, and waits for it. */
  stop(): Promise<void>
}

/**
 * Small background work at intervals: cleaning up, reconciling. A run never overlaps itself, a failed one is logged,
 * counted and tried again at the next interval. What must happen at a time, or exactly once, belongs into a table.
 */
export function createJobs<Tables>({ telemetry, jobs, database }: JobsOptions<Tables>): Jobs {
  const tryLock = database && advisoryLock(database.kysely)
  const stopping = new AbortController()
  const timers = new Map<string, NodeJS.Timeout>()
  const running = new Set<Promise<void>>()
  const runs = telemetry.metrics.counter('portico_job_runs_total', 'Runs of background jobs', ['job', 'outcome'])
  if (!tryLock && jobs.some(job => job.exclusive)) throw new TypeError('an exclusive job needs the database')

  function plan(job: Job) {
    if (stopping.signal.aborted) return
    const waitMs = job.everyMs * (0.9 + Math.random() * 0.2)
    timers.set(
      job.name,
      setTimeout(() => begin(job), waitMs),
    )
  }

  function begin(job: Job) {
    const run = runOnce(job).finally(() => {
      running.delete(run)
      plan(job)
    })
    running.add(run)
  }

  async function runOnce(job: Job) {
    const work = () =>
      withSpan(telemetry.tracer, `job ${job.name}`, { parent: ROOT_CONTEXT }, () => job.run(stopping.signal))
    try {
      const ran = await (job.exclusive && tryLock ? tryLock(job.name, work) : always(work))
      runs.inc({ job: job.name, outcome: ran ? 'done' : 'elsewhere' })
    } catch (error) {
      if (stopping.signal.aborted) return
      runs.inc({ job: job.name, outcome: 'failed' })
      telemetry.log.error({ err: error, job: job.name }, 'a job failed')
    }
  }

  return {
    start: () => jobs.forEach(plan),
    async stop() {
      stopping.abort()
      for (const timer of timers.values()) clearTimeout(timer)
      await Promise.all(running)
    },
  }
}

async function always(work: () => Promise<unknown>): Promise<true> {
  await work()
  return true
}
