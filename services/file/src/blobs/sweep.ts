import type { Context } from '../context.ts'

const batch = 100

/**
 * Removes the bytes that no file names any more. The row and the bytes go under the body's lock: an upload of the same
 * body waits, and finds either both or neither.
 */
export async function sweepBlobs(
  { transact, blobs }: Pick<Context, 'transact' | 'blobs'>,
  signal?: AbortSignal,
): Promise<number> {
  const unnamed = await transact(({ blobRows }) => blobRows.unnamed(batch))
  let removed = 0
  for (const sha256 of unnamed) {
    if (signal?.aborted) break
    removed += await transact(async ({ blobRows }) => {
      await blobRows.lock(sha256)
      if (!(await blobRows.removeUnnamed(sha256))) return 0
      await blobs.remove(sha256)
      return 1
    })
  }
  return removed
}
