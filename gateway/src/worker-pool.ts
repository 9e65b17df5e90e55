import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Telemetry } from '@portico/telemetry'

/** What a worker says once it takes requests. */
export const ready = 'ready'
/** What it is told when another has taken its place. */
export const retire = 'retire'

/** So many workers on one port, each with a number. One that ends by itself is replaced. */
export interface WorkerPool {
  readonly stopping: boolean
  /** The worker of this number is told to retire once the new one is ready. Throws, with the reason, when that is not to be. */
  replace(number: number): Promise<void>
  /** Each leaves in its own orderly way. */
  stop(): Promise<void>
}

const restart = { firstMs: 100, mostMs: 5_000, calmMs: 30_000 } as const
const readyWithinMs = 60_000

export function startWorkers(size: number, { log }: Pick<Telemetry, 'log'>): WorkerPool {
  // All accept from one socket (docs/decisions/workers-accept-for-themselves.md).
  cluster.schedulingPolicy = cluster.SCHED_NONE
  const current: Worker[] = []
  const retired: Worker[] = []
  const serving = new WeakSet<Worker>()
  let stopping = false

  /** One that others serve beside takes connections only when it knows whom to send requests to. */
  function begin(number: number, waits: boolean, pauseMs: number = restart.firstMs): Worker {
    const worker = cluster.fork({ WORKER: String(number), WORKER_WAITS: waits ? 'on' : 'off' })
    const beganAt = performance.now()
    worker.on('message', message => {
      if (message === ready) serving.add(worker)
    })
    worker.once('exit', async (code, signal) => {
      serving.delete(worker)
      const isMissed = () => !stopping && current[number] === worker
      if (!isMissed()) return
      log.error({ worker: number, code, signal }, 'a worker ended: another takes its place')
      await pause(pauseMs)
      if (!isMissed()) return
      const wasCalm = performance.now() - beganAt > restart.calmMs
      const othersServe = current.some(other => serving.has(other))
      // It may keep ending, so each time it is given a longer pause.
      current[number] = begin(number, othersServe, wasCalm ? restart.firstMs : Math.min(pauseMs * 2, restart.mostMs))
    })
    return worker
  }

  // The first listens at once, so that there is somebody to say that it is not ready.
  for (let number = 0; number < size; number += 1) current.push(begin(number, number > 0))

  return {
    get stopping() {
      return stopping
    },
    async replace(number) {
      const next = begin(number, true)
      try {
        await untilReady(next)
      } catch (error) {
        next.process.kill('SIGKILL')
        throw error
      }
      const old = current[number]
      current[number] = next
      // What still lingers from an earlier time has had its own: a number has two processes at most.
      retired[number]?.process.kill('SIGTERM')
      if (old === undefined || !old.isConnected()) return
      retired[number] = old
      old.send(retire)
    },
    async stop() {
      stopping = true
      const alive = Object.values(cluster.workers ?? {}).filter(worker => worker !== undefined)
      const gone = alive.map(worker => once(worker, 'exit'))
      for (const worker of alive) worker.process.kill('SIGTERM')
      await Promise.all(gone)
    },
  }
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
