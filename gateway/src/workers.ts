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
 * SIGHUP replaces all workers, one after the other: the new one takes requests before the old one stops, and where it does
 * not get so far the old one stays.
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

  /** @param waits others serve meanwhile, so it listens only once it knows whom to send requests to */
  function begin(number: number, pauseMs: number, waits: boolean): Worker {
    const worker = cluster.fork({ WORKER: String(number), WORKER_WAITS: waits ? 'on' : 'off' })
    const beganAt = performance.now()
    worker.once('exit', async (code, signal) => {
      const isMissed = () => !stopping && slots[number] === worker
      if (!isMissed()) return
      log.error({ worker: number, code, signal }, 'a worker ended: another takes its place')
      await pause(pauseMs)
      if (!isMissed()) return
      const wasCalm = performance.now() - beganAt > restart.calmMs
      const nextPauseMs = wasCalm ? restart.firstMs : Math.min(pauseMs * 2, restart.mostMs)
      const othersServe = slots.some(other => other !== worker && other.isConnected())
      slots[number] = begin(number, nextPauseMs, othersServe)
    })
    return worker
  }

  async function replace(number: number): Promise<boolean> {
    const next = begin(number, restart.firstMs, true)
    if (!(await isReady(next))) {
      // With what is new something is wrong: what it was told, or that nobody can be heard just now.
      log.error({ worker: number }, 'the new worker did not become ready: the old one stays')
      next.process.kill('SIGKILL')
      return false
    }
    const old = slots[number]
    // From here on the old one may end without being missed.
    slots[number] = next
    if (old !== undefined && !old.isDead()) {
      const gone = once(old, 'exit')
      old.process.kill('SIGTERM')
      await gone
    }
    return true
  }

  let reloading = false
  let again = false
  async function reload(): Promise<void> {
    again = true
    if (reloading) return
    reloading = true
    // What is asked for meanwhile is about something that some of the new ones may not have read yet.
    while (again && !stopping) {
      again = false
      let replaced = 0
      for (let number = 0; number < slots.length && !stopping; number += 1) if (await replace(number)) replaced += 1
      log.info({ workers: slots.length, replaced }, 'reloaded')
    }
    reloading = false
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

  // The first listens at once, so that there is somebody to say that it is not ready.
  for (let number = 0; number < config.workers; number += 1) slots.push(begin(number, restart.firstMs, number > 0))
  process.on('SIGHUP', () => void reload())
  process.on('SIGTERM', () => void stop())
  process.on('SIGINT', () => void stop())
}

async function isReady(worker: Worker): Promise<boolean> {
  const said = async () => {
    for (;;) {
      const [message] = await once(worker, 'message')
      if (message === ready) return true
    }
  }
  const ended = once(worker, 'exit').then(() => false)
  return Promise.race([said(), ended, pause(readyWithinMs, false, { ref: false })])
}
