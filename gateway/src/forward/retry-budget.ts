export interface RetryBudgetOptions {
  /** Monotonic milliseconds. */
  readonly clock: () => number
  /** Retries and hedges per request, e.g. 0.2. */
  readonly ratio: number
  /** What a quiet service may retry all the same. */
  readonly perSecond: number
  /** The most that can be saved up. */
  readonly limit: number
}

export const retryBudgetDefaults = { ratio: 0.2, perSecond: 10, limit: 500 } as const

/**
 * How much may be repeated: a token bucket filled by requests. Retries that are proportional to failures turn a stumble
 * into a fall, retries that are proportional to requests cannot (Finagle's `RetryBudget`; also Linkerd's). Retries
 * and hedges draw from the same bucket.
 */
export interface RetryBudget {
  /** One request came. */
  deposit(): void
  /** @returns whether one more may be sent; then it is paid for */
  withdraw(): boolean
  tokens(): number
}

export function createRetryBudget({ clock, ratio, perSecond, limit }: RetryBudgetOptions): RetryBudget {
  let tokens = perSecond
  let filledAtMs = clock()

  function fill(): void {
    const nowMs = clock()
    // The reserve alone never exceeds one second's worth: a quiet night does not pay for a storm of retries.
    if (tokens < perSecond) tokens = Math.min(perSecond, tokens + ((nowMs - filledAtMs) / 1_000) * perSecond)
    filledAtMs = nowMs
  }

  return {
    deposit() {
      if (tokens < limit) tokens += ratio
    },
    withdraw() {
      fill()
      if (tokens < 1) return false
      tokens -= 1
      return true
    },
    tokens() {
      fill()
      return tokens
    },
  }
}
