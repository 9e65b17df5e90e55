/** Memory for answers on their way in: bounded for each, and for all together. */
export interface Room {
  /** The largest body that is kept. */
  readonly entryBytes: number
  /** False: there is none; what the owner had is free again. */
  take(owner: object, bytes: number): boolean
  release(owner: object): void
  takenBytes(): number
}

export function createRoom({ entryBytes, totalBytes }: { entryBytes: number; totalBytes: number }): Room {
  const taken = new Map<object, number>()
  let total = 0

  function release(owner: object): void {
    total -= taken.get(owner) ?? 0
    taken.delete(owner)
  }
  return {
    entryBytes,
    take(owner, bytes) {
      const sum = (taken.get(owner) ?? 0) + bytes
      if (sum > entryBytes || total + bytes > totalBytes) {
        release(owner)
        return false
      }
      taken.set(owner, sum)
      total += bytes
      return true
    },
    release,
    takenBytes: () => total,
  }
}
