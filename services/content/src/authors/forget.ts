import { CommentDeleted } from '@portico/contracts/content'
import type { Stores } from '../db/stores.ts'
import { trash } from '../posts/life.ts'
import { record } from '../posts/record.ts'

/**
 * What becomes of the work of somebody whose account is gone: the name is forgotten at once, posts go to the trash, which
 * is emptied after its days, comments lose their words but keep their place, reactions go.
 */
export async function forgetAuthor(stores: Stores, userId: string, at: Date): Promise<void> {
  await stores.authors.forget(userId, at)
  await trashPosts(stores, userId, at)
  await removeComments(stores, userId, at)
  const reactedTo = await stores.reactions.removeOfUser(userId)
  await discount(stores, 'reaction_count', reactedTo)
}

async function trashPosts(stores: Stores, userId: string, at: Date): Promise<void> {
  for (const id of await stores.posts.idsOfAuthor(userId)) {
    const before = await stores.posts.getForUpdate(id)
    await record(stores, before, trash(before, at), userId)
  }
}

async function removeComments(stores: Stores, userId: string, at: Date): Promise<void> {
  const removed = await stores.comments.removeOfAuthor(userId, at)
  for (const { id: commentId, postId } of removed.sort((one, other) => (one.id < other.id ? -1 : 1))) {
    await stores.outbox.add(CommentDeleted, { commentId, postId, deletedAt: at.toISOString() })
    stores.purge(`comments:${postId}`)
  }
  const commentedOn = removed.map(({ postId }) => postId)
  await discount(stores, 'comment_count', commentedOn)
}

/** In the order of ids, as everybody who locks several posts. */
async function discount({ posts, purge }: Stores, column: 'comment_count' | 'reaction_count', postIds: string[]) {
  const counts = Map.groupBy(postIds.sort(), id => id)
  for (const [id, each] of counts) {
    await posts.count(id, column, -each.length)
    purge(`post:${id}`)
  }
}
