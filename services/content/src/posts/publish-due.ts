import type { Context } from '../context.ts'
import { publish } from './life.ts'
import { record } from './record.ts'

/** Posts in one transaction: an hour's schedule may hold many, and none should wait for all. */
const batch = 50

/**
 * Publishes what is due, as of the time it was scheduled for. The time lies in the table and not in a timer, so nothing
 * is missed while no replica runs.
 */
export async function publishDue({ transact, clock }: Pick<Context, 'transact' | 'clock'>): Promise<number> {
  const now = clock()
  return await transact(async stores => {
    const due = await stores.posts.lockDue(now, batch)
    for (const post of due) {
      const asOf = post.publishedAt ?? post.scheduledFor ?? now
      await record(stores, post, publish(post, now, asOf), post.authorId)
    }
    return due.length
  })
}
