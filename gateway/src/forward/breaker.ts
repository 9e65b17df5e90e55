export interface BreakerOptions {
  /** Monotonic milliseconds. */
  readonly clock: () => number
  /** Below so many ended requests in a window nothing is concluded. */
  readonly leastRequests: number
  readonly failureRatio: number
  readonly windowMs: number
  /** How long it stays open; doubled each time the probes fail, up to `openLimitMs`. */
  readonly openMs: number
  readonly openLimitMs: number
  /** How many requests try whether it is over. */
  readonly probes: number
}

export const breakerDefaults = {
  leastRequests: 20,
  failureRatio: 0.5,
  windowMs: 10_000,
  openMs: 1_000,
  openLimitMs: 15_000,
  probes: 3,
} as const

/**
 * Stops asking a service that is dead, so that callers learn at once instead of waiting for their deadlines, and the
 * service comes back to a few probes instead of the whole queue (Nygard, "Release It!", 2007). It sees requests after
 * their retries: one bad replica is the ejection's business.
 */
export interface Breaker {
  /** @returns 0 when a request may pass, else after how many milliseconds to ask again */
  refusesForMs(): number
  ended(failed: boolean): void
  /** A request that passed tells nothing after all: the client left. */
  undecided(): void
  /** Something changed for the better, a replica came: try again now. */
  hope(): void
  readonly state: 'closed' | 'open' | 'half-open'
}

export function createBreaker(options: BreakerOptions): Breaker {
  const { clock } = options
  let state: Breaker['state'] = 'closed'
  let requests = 0
  let failures = 0
  let windowFromMs = clock()
  let openUntilMs = 0
  let openMs: number = options.openMs
  let probing = 0
  let proven = 0

  function open(): void {
    state = 'open'
    openUntilMs = clock() + openMs
    openMs = Math.min(openMs * 2, options.openLimitMs)
  }

  function close(): void {
    state = 'closed'
    openMs = options.openMs
    requests = 0
    failures = 0
    windowFromMs = clock()
  }

  function halfOpen(): void {
    state = 'half-open'
    probing = 0
    proven = 0
  }

  function refusesForMs(): number {
    if (state === 'closed') return 0
    if (state === 'open') {
      const leftMs = openUntilMs - clock()
      if (leftMs > 0) return leftMs
      halfOpen()
    }
    if (probing >= options.probes) return options.openMs
    probing += 1
    return 0
  }

  function judgeWindow(failed: boolean): void {
    const nowMs = clock()
    if (nowMs - windowFromMs > options.windowMs) {
      requests = 0
      failures = 0
      windowFromMs = nowMs
    }
    requests += 1
    if (!failed) return
    failures += 1
    if (requests >= options.leastRequests && failures >= requests * options.failureRatio) open()
  }

  return {
    refusesForMs,
    ended(failed) {
      if (state === 'closed') judgeWindow(failed)
      else if (state === 'half-open') {
        if (failed) open()
        else {
          proven += 1
          if (proven >= options.probes) close()
        }
      }
    },
    undecided() {
      if (state === 'half-open' && probing > 0) probing -= 1
    },
    hope() {
      if (state === 'open') halfOpen()
    },
    get state() {
      return state
    },
  }
}
