/** Runs work when there is room for it; throws what `refuse` makes when too much waits already. */
export type Gate = <Result>(work: () => Promise<Result>) => Promise<Result>

export interface GateOptions {
  /** How much runs at once. */
  concurrency: number
  /** How much may wait. */
  queueLimit: number
  refuse: () => Error
}

/** First come, first served; bounded on both sides. */
export function createGate({ concurrency, queueLimit, refuse }: GateOptions): Gate {
  const waiting: (() => void)[] = []
  let running = 0

  const enter = async () => {
    if (running < concurrency) {
      running += 1
      return
    }
    if (waiting.length >= queueLimit) throw refuse()
    // Whoever leaves hands its place over, so `running` does not change.
    await new Promise<void>(resolve => waiting.push(resolve))
  }
  const leave = () => {
    const next = waiting.shift()
    if (next) next()
    else running -= 1
  }

  return async work => {
    await enter()
    try {
      return await work()
    } finally {
      leave()
    }
  }
}
