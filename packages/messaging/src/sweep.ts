import type { ConsumerInfo } from '@nats-io/jetstream'
import type { Database } from '@portico/database'
import { pause } from './connection.ts'
import type { Delivery } from './delivery.ts'
import { createGapWatch } from './gap-watch.ts'
import { beyondGaps, countWaiting, dueNow, nextOf } from './waiting.ts'

const atOnce = 64

export interface SweepOptions<Tables> {
  consumer: string
  database: Database<Tables>
  everyMs: number
  gapWaitMs: number
  /** False while the database is away. */
  isAvailable: () => boolean
  take: (delivery: Delivery) => void
  /** The server's account of the consumer; null while NATS is away. */
  progress: () => Promise<ConsumerInfo | null>
  onCounted: (waiting: number, progress: ConsumerInfo | null) => void
  onError: (error: unknown) => void
}

/**
 * Brings back what waits in the database: the next of a key when the one before is handled, a failed event when it is
 * due, one beyond a gap when waiting has become pointless. Every replica does so; two that take the same event meet at
 * its key's position.
 */
export function createSweep<Tables>(options: SweepOptions<Tables>) {
  const { consumer, database, everyMs, gapWaitMs, take } = options
  const gaps = createGapWatch(gapWaitMs)
  const inHand = new Set<string>()

  function takeOnce(delivery: Delivery) {
    const id = delivery.replayOf ?? delivery.event.id
    if (inHand.has(id)) return
    inHand.add(id)
    take({ ...delivery, release: () => inHand.delete(id), ack: () => inHand.delete(id) })
  }

  async function sweep() {
    const { kysely } = database
    const waiting = await countWaiting(kysely, consumer)
    const progress = await options.progress()
    options.onCounted(waiting, progress)
    if (waiting === 0) return gaps.reset()
    for (const delivery of await dueNow(kysely, consumer, atOnce)) takeOnce(delivery)
    if (!progress) return gaps.reset()
    const beyond = await beyondGaps(kysely, consumer, atOnce)
    for (const delivery of gaps.ripe(beyond, progress)) takeOnce(delivery)
  }

  return {
    async run(signal: AbortSignal) {
      while (!signal.aborted) {
        if (options.isAvailable()) await sweep().catch(options.onError)
        // Replicas sweep at different times.
        await pause(everyMs * (0.75 + Math.random() / 2), signal)
      }
    },
    /** The key's next, without waiting for the sweep. */
    async takeNext({ event }: Delivery) {
      try {
        const next = await nextOf(database.kysely, consumer, event)
        if (next) takeOnce(next)
      } catch (error) {
        options.onError(error)
      }
    },
    reset: gaps.reset,
  }
}
