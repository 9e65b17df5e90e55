/** Requests that wait for a replica, first come first served, within a bound. */
export interface Parking<T> {
  /** @returns false when it is full */
  add(waiting: T): boolean
  remove(waiting: T): void
  /** Lets everybody try again; who finds nobody comes back. */
  wake(): void
  readonly size: number
}

export function createParking<T>(limit: number, resume: (waiting: T) => void): Parking<T> {
  // A Set keeps the order of arrival and forgets a leaver at once.
  let waiting = new Set<T>()
  return {
    add(one) {
      if (waiting.size >= limit) return false
      waiting.add(one)
      return true
    },
    remove: one => void waiting.delete(one),
    wake() {
      if (waiting.size === 0) return
      const all = waiting
      waiting = new Set()
      for (const one of all) resume(one)
    },
    get size() {
      return waiting.size
    },
  }
}
