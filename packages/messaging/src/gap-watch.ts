import type { Delivery } from './delivery.ts'

/** Of a `ConsumerInfo`. */
interface Progress {
  num_pending: number
  delivered: { stream_seq: number }
  ack_floor: { stream_seq: number }
}

/** However busy the stream is, a gap is accepted after so many times the wait. */
const timesAtMost = 10

/**
 * Decides when an event that is missing will not come any more. Time alone proves nothing: nobody may have been there to
 * deliver it. What does is the server's account of the consumer: at some moment after the gap was seen nothing was left
 * to deliver, and since then everything that had been delivered until that moment was acknowledged. The missing event was
 * not among it, or it would have been handled, or would wait beside the others.
 */
export function createGapWatch(waitMs: number) {
  const seen = new Map<string, { sinceMs: number; all: number | undefined }>()
  return {
    /** @returns those of the events beyond gaps that are to be handled without what is missing */
    ripe(beyond: readonly Delivery[], progress: Progress, nowMs = performance.now()): Delivery[] {
      const names = new Set(beyond.map(nameOf))
      for (const name of seen.keys()) if (!names.has(name)) seen.delete(name)
      return beyond.filter(delivery => {
        const name = nameOf(delivery)
        const gap = seen.get(name) ?? { sinceMs: nowMs, all: undefined }
        seen.set(name, gap)
        const proven = gap.all !== undefined && progress.ack_floor.stream_seq >= gap.all
        if (progress.num_pending === 0) gap.all ??= progress.delivered.stream_seq
        const ageMs = nowMs - gap.sinceMs
        return (ageMs >= waitMs && proven) || ageMs >= waitMs * timesAtMost
      })
    },
    /** The connection was lost: time in which nothing could arrive does not count. */
    reset: () => seen.clear(),
  }
}

const nameOf = ({ event, after }: Delivery) => `${event.entity} ${event.key} ${after}`
