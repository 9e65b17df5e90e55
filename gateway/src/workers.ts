import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { createTelemetry } from '@portico/telemetry'
import type { Config } from './config.ts'

/** What a worker says once it takes requests. */
export const ready = 'ready'
/** What it is told when another has taken its place. */
export const retire = 'retire'

/** This process starts others and does nothing else. */
export const isSupervisor = ({ workers }: Config): boolean => workers > 1 && cluster.isPrimary

const restart = { firstMs: 100, mostMs: 5_000, calmMs: 30_000 } as const
const readyWithinMs = 60_000

/**
 * Several processes on one port, whose listening socket is this one's: whoever of them is free accepts, and a worker can
 * end and another begin without a connection refused (docs/decisions/workers-accept-for-themselves.md). A worker that
 * ends by itself is replaced, after a growing pause when it keeps ending.
 *
 * SIGHUP replaces all workers, one after the other: the new one takes requests before the old one retires, and where one
 * does not get so far the old ones stay.
 * SIGTERM and SIGINT stop them, each in its own orderly way.
 */
export function superviseWorkers(config: Config): void {
  cluster.schedulingPolicy = cluster.SCHED_NONE
  const telemetry = createTelemetry({
    service: 'gateway',
    instance: `${config.instance}.supervisor`,
    version: '0.1.0',
    logLevel: config.telemetry.logLevel,
    processMetrics: false,
  })
  const { log } = telemetry
  const slots: Worker[] = []
  const retired: Worker[] = []
  const serving = new WeakSet<Worker>()
  let stopping = false

  /** One that others serve beside listens only once it knows whom to send requests to. */
  function begin(number: number, pauseMs: number, waits: boolean): Worker {
    const worker = cluster.fork({ WORKER: String(number), WORKER_WAITS: waits ? 'on' : 'off' })
    const beganAt = performance.now()
    worker.on('message', message => {
      if (message === ready) serving.add(worker)
    })
    worker.once('exit', async (code, signal) => {
      serving.delete(worker)
      const isMissed = () => !stopping && slots[number] === worker
      if (!isMissed()) return
      log.error({ worker: number, code, signal }, 'a worker ended: another takes its place')
      await pause(pauseMs)
      if (!isMissed()) return
      const wasCalm = performance.now() - beganAt > restart.calmMs
      const nextPauseMs = wasCalm ? restart.firstMs : Math.min(pauseMs * 2, restart.mostMs)
      slots[number] = begin(
        number,
        nextPauseMs,
        slots.some(other => serving.has(other)),
      )
    })
    return worker
  }

  /** Throws what an operator has to read when the new one does not become ready; the old one then serves on. */
  async function replace(number: number): Promise<void> {
    const next = begin(number, restart.firstMs, true)
    try {
      await untilReady(next)
    } catch (error) {
      next.process.kill('SIGKILL')
      throw error
    }
    const old = slots[number]
    slots[number] = next
    // What still lingers from an earlier reload has had its time: a slot has two processes at most.
    retired[number]?.process.kill('SIGTERM')
    if (old === undefined || !old.isConnected()) return
    retired[number] = old
    old.send(retire)
  }

  async function replaceAll(): Promise<void> {
    let replaced = 0
    try {
      for (; replaced < slots.length && !stopping; replaced += 1) await replace(replaced)
      log.info({ workers: slots.length }, 'reloaded: all workers are new')
    } catch (error) {
      if (stopping) return
      const reason = error instanceof Error ? error.message : String(error)
      log.error(
        { workers: slots.length, replaced, reason },
        'not reloaded: a new worker did not become ready, so the old ones go on; SIGHUP tries again',
      )
    }
  }

  let asked = 0
  async function reload(): Promise<void> {
    asked += 1
    if (asked > 1) return
    // What is asked for meanwhile is about something that some of the new ones may not have read yet.
    for (let done = 0; done < asked && !stopping; ) {
      done = asked
      await replaceAll()
    }
    asked = 0
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

/** Throws when it ends first, or takes too long. */
async function untilReady(worker: Worker): Promise<void> {
  const over = new AbortController()
  const { signal } = over
  const said = async () => {
    for (;;) {
      const [message] = await once(worker, 'message', { signal })
      if (message === ready) return
    }
  }
  const ended = async () => {
    const [code, by] = await once(worker, 'exit', { signal })
    throw new Error(`it ended before it was ready, with ${by ?? `code ${code}`}: what it said last is logged above`)
  }
  const late = async () => {
    await pause(readyWithinMs, undefined, { signal, ref: false })
    throw new Error(`after ${readyWithinMs / 1_000} s it knew no service: can it reach NATS?`)
  }
  try {
    await Promise.race([said(), ended(), late()])
  } finally {
    over.abort()
  }
}
