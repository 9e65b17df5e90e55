/** How long an answer stands for the next one. */
const freshMs = 1_000

/**
 * Remembers whether PostgreSQL answered lately, and nothing has gone wrong since. A service under load is ready without
 * asking: the question would wait in the same queue, fail, and take a working replica out.
 */
export class Pulse {
  #answeredAt = Number.NEGATIVE_INFINITY

  answered(): void {
    this.#answeredAt = performance.now()
  }

  lost(): void {
    this.#answeredAt = Number.NEGATIVE_INFINITY
  }

  isFresh(): boolean {
    return performance.now() - this.#answeredAt < freshMs
  }
}
