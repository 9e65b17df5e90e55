import cluster from 'node:cluster'
import { createTelemetry, type Telemetry } from '@portico/telemetry'
import type { Config } from './config.ts'
import { startWorkers, type WorkerPool } from './worker-pool.ts'

/** This process starts others and does nothing else. */
export const isSupervisor = ({ workers }: Config): boolean => workers > 1 && cluster.isPrimary

/**
 * Several processes on one port, whose listening socket is this one's: a worker can end and another begin without a
 * connection refused. SIGHUP replaces all of them. SIGTERM and SIGINT stop them; a second such signal ends it at once.
 */
export function superviseWorkers(config: Config): void {
  const telemetry = createTelemetry({
    service: 'gateway',
    instance: `${config.instance}.supervisor`,
    version: '0.1.0',
    logLevel: config.telemetry.logLevel,
    processMetrics: false,
  })
  const pool = startWorkers(config.workers, telemetry)
  let asked = 0

  async function reload(): Promise<void> {
    asked += 1
    if (asked > 1) return
    // What is asked for meanwhile is about something that some of the new ones may not have read yet.
    for (let done = 0; done < asked && !pool.stopping; ) {
      done = asked
      await replaceAll(pool, config.workers, telemetry)
    }
    asked = 0
  }

  async function stop(): Promise<void> {
    if (pool.stopping) process.exit(1)
    await pool.stop()
    await telemetry.shutdown()
    process.exit(0)
  }

  process.on('SIGHUP', () => void reload())
  process.on('SIGTERM', () => void stop())
  process.on('SIGINT', () => void stop())
}

/** One after the other, up to the first that does not become ready: what is wrong with it is wrong with the others too. */
async function replaceAll(pool: WorkerPool, workers: number, { log }: Pick<Telemetry, 'log'>): Promise<void> {
  let replaced = 0
  try {
    for (; replaced < workers && !pool.stopping; replaced += 1) await pool.replace(replaced)
    log.info({ workers }, 'reloaded: all workers are new')
  } catch (error) {
    if (pool.stopping) return
    const reason = error instanceof Error ? error.message : String(error)
    log.error(
      { workers, replaced, reason },
      'not reloaded: a new worker did not become ready, so the old ones go on; SIGHUP tries again',
    )
  }
}
