import { stopwatch } from './stopwatch.ts'

export interface EventuallyOptions {
  /** How long to try, of the time in which the machine lets us run; default 15 s. */
  withinMs?: number
  /** How long to wait between two tries; default 25 ms. */
  everyMs?: number
}

/**
 * Waits for what becomes true by itself: calls `attempt` until it neither throws nor answers false.
 *
 * @returns what `attempt` answered
 * @throws Error after the time is up, with the last failure as its cause; also when `attempt` itself does not end
 */
export async function eventually<T>(
  attempt: () => T | Promise<T>,
  { withinMs = 15_000, everyMs = 25 }: EventuallyOptions = {},
): Promise<T> {
  using tookMs = stopwatch()
  let failure: unknown = unended
  for (;;) {
    const outcome = await bounded(attempt, withinMs - tookMs())
    if ('result' in outcome) return outcome.result
    // One that was cut short says less than the one before it.
    if (outcome.failure !== unended) failure = outcome.failure
    if (tookMs() >= withinMs) {
      const why = failure instanceof Error ? failure.message : String(failure)
      throw new Error(`not within ${withinMs} ms: ${why}`, { cause: failure })
    }
    await new Promise(resolve => setTimeout(resolve, everyMs))
  }
}

const unended = new Error('the attempt did not end')

type Outcome<T> = { result: T } | { failure: unknown }

/** One attempt, at least a moment long, and no longer than there is time. */
async function bounded<T>(attempt: () => T | Promise<T>, leftMs: number): Promise<Outcome<T>> {
  const { promise: timeUp, resolve } = Promise.withResolvers<Outcome<T>>()
  const timer = setTimeout(() => resolve({ failure: unended }), Math.max(leftMs, 1))
  const tried = Promise.try(attempt).then(
    (result): Outcome<T> => (result === false ? { failure: new Error('it was false') } : { result }),
    (failure: unknown): Outcome<T> => ({ failure }),
  )
  return Promise.race([tried, timeUp]).finally(() => clearTimeout(timer))
}
