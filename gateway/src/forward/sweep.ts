/** Something with a bound in time that is looked at now and then. */
export interface Swept {
  /** Links of the list; null outside of it. */
  before: Swept | null
  after: Swept | null
  /** @param late whether this process itself is behind: what looks slow may only have been heard late */
  look(nowMs: number, late: boolean): void
}

/**
 * One timer for all requests. Each has a deadline, a moment to hedge and a bound on silence; three timers a request
 * would cost more than the balancing does. Instead the requests under way form a list, and every `everyMs` each
 * is looked at: a few nanoseconds for each of some hundreds. The bounds are late by up to `everyMs`.
 */
export interface Sweep {
  add(swept: Swept): void
  remove(swept: Swept): void
  close(): void
}

export function createSweep(clock: () => number, everyMs: number): Sweep {
  const end: Swept = { before: null, after: null, look() {} }
  end.before = end
  end.after = end
  let timer: NodeJS.Timeout | null = null

  let tickedAtMs = 0

  function tick(): void {
    const nowMs = clock()
    const late = nowMs - tickedAtMs > everyMs * 1.5
    tickedAtMs = nowMs
    let next = end.after
    while (next !== null && next !== end) {
      const one = next
      next = one.after
      one.look(nowMs, late)
      // Looking may have removed the next one too: then begin again at the next tick.
      if (next?.after === null) break
    }
    if (end.after === end) stop()
  }

  function stop(): void {
    if (timer !== null) clearInterval(timer)
    timer = null
  }

  return {
    add(swept) {
      if (swept.after !== null) return
      const last = end.before ?? end
      swept.before = last
      swept.after = end
      last.after = swept
      end.before = swept
      // Never keeps the process alive: whoever waits holds a socket, and that does.
      if (timer !== null) return
      tickedAtMs = clock()
      timer = setInterval(tick, everyMs).unref()
    },
    remove(swept) {
      if (swept.after === null || swept.before === null) return
      swept.before.after = swept.after
      swept.after.before = swept.before
      swept.before = null
      swept.after = null
    },
    close: stop,
  }
}
