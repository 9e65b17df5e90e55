/** Works in batches until one is not full: none holds its locks for long, and a stop waits for one only. */
export async function untilDone(signal: AbortSignal, limit: number, work: (limit: number) => Promise<number>) {
  let total = 0
  while (!signal.aborted) {
    const done = await work(limit)
    total += done
    if (done < limit) break
  }
  return total
}
