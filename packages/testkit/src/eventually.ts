export interface EventuallyOptions {
  /** How long to try; default 5 s. */
  withinMs?: number
  /** How long to wait between two tries; default 25 ms. */
  everyMs?: number
}

/**
 * Waits for what becomes true by itself: calls `attempt` until it neither throws nor answers false.
 *
 * @returns what `attempt` answered
 * @throws Error after the time is up, with the last failure as its cause
 */
export async function eventually<T>(
  attempt: () => T | Promise<T>,
  { withinMs = 5_000, everyMs = 25 }: EventuallyOptions = {},
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const failure: unknown = await Promise.resolve()
      .then(attempt)
      .then(
        result => (result === false ? new Error('it was false') : { result }),
        error => (error instanceof Error ? error : new Error(String(error))),
      )
    if (hasResult<T>(failure)) return failure.result
    if (performance.now() > deadline) {
      const why = failure instanceof Error ? failure.message : 'it failed'
      throw new Error(`not within ${withinMs} ms: ${why}`, { cause: failure })
    }
    await new Promise(resolve => setTimeout(resolve, everyMs))
  }
}

function hasResult<T>(outcome: unknown): outcome is { result: T } {
  return typeof outcome === 'object' && outcome !== null && !(outcome instanceof Error) && 'result' in outcome
}
