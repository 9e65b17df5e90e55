import { untilDone } from '@portico/chassis'
import type { Context } from '../context.ts'
import { trashDays } from './life.ts'

const dayMs = 24 * 60 * 60 * 1_000
const batch = 100

/** Removes for good what has lain in the trash for its days: the post, its revisions, comments and reactions. */
export function purgeTrash({ transact, clock }: Pick<Context, 'transact' | 'clock'>, signal: AbortSignal) {
  const before = new Date(clock().getTime() - trashDays * dayMs)
  return untilDone(signal, batch, limit => transact(({ posts }) => posts.purge(before, limit)))
}
