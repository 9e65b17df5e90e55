import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { createTelemetry } from '@portico/telemetry'
import type { Config } from './config.ts'

/** What a worker says once it takes requests. */
export const ready = 'ready'

/** This process starts others and does nothing else. */
export const isSupervisor = ({ workers }: Config): boolean => workers > 1 && cluster.isPrimary

const restart = { firstMs: 100, mostMs: 5_000, calmMs: 30_000 } as const
const readyWithinMs = 15_000

/**
 * Several processes on one port. This one holds the listening socket and hands connections out in turn, so that a worker
 * can end and another begin without a connection refused. (With SO_REUSEPORT, what waits in the queue of a worker
 * that ends is reset.) A worker that ends by itself is replaced, after a growing pause when it keeps ending.
 *
 * SIGHUP replaces all workers, one after the other: the new one takes requests before the old one stops.
 * SIGTERM and SIGINT stop them, each in its own orderly way.
 */
export function superviseWorkers(config: Config): void {
  const telemetry = createTelemetry({
    service: 'gateway',
    instance: `${config.instance}.supervisor`,
    version: '0.1.0',
    logLevel: config.telemetry.logLevel,
    processMetrics: false,
  })
  const { log } = telemetry
  const slots: Worker[] = []
  let stopping = false
  let reloading = false

  function begin(number: number, pauseMs: number): Worker {
    const worker = cluster.fork({ WORKER: String(number) })
    const beganAt = performance.now()
    worker.once('exit', async (code, signal) => {
      if (stopping || slots[number] !== worker) return
      log.error({ worker: number, code, signal }, 'a worker ended: another takes its place')
      await pause(pauseMs)
      const wasCalm = performance.now() - beganAt > restart.calmMs
      if (!stopping) slots[number] = begin(number, wasCalm ? restart.firstMs : Math.min(pauseMs * 2, restart.mostMs))
    })
    return worker
  }

  async function replace(number: number): Promise<void> {
    const old = slots[number]
    const next = begin(number, restart.firstMs)
    // From here on the old one may end without being missed.
    slots[number] = next
    await Promise.race([untilReady(next), pause(readyWithinMs, undefined, { ref: false })])
    if (old === undefined || old.isDead()) return
    const gone = once(old, 'exit')
    old.process.kill('SIGTERM')
    await gone
  }

  async function reload(): Promise<void> {
    for (let number = 0; number < slots.length && !stopping; number += 1) await replace(number)
    log.info({ workers: slots.length }, 'all workers are new')
  }

  async function stop(): Promise<void> {
    if (stopping) process.exit(1)
    stopping = true
    const alive = Object.values(cluster.workers ?? {}).filter(worker => worker !== undefined)
    const gone = alive.map(worker => once(worker, 'exit'))
    for (const worker of alive) worker.process.kill('SIGTERM')
    await Promise.all(gone)
    await telemetry.shutdown()
    process.exit(0)
  }

  for (let number = 0; number < config.workers; number += 1) slots.push(begin(number, restart.firstMs))
  process.on('SIGHUP', () => {
    if (reloading) return
    reloading = true
    void reload().finally(() => {
      reloading = false
    })
  })
  process.on('SIGTERM', () => void stop())
  process.on('SIGINT', () => void stop())
}

async function untilReady(worker: Worker): Promise<void> {
  for (;;) {
    const [message] = await once(worker, 'message')
    if (message === ready) return
  }
}
