import { PostChanged, PostDeleted, PostPublished, PostUnpublished } from '@portico/contracts/content'
import type { Stores } from '../db/stores.ts'
import { newsOf, publishedPayload } from './events.ts'
import type { Post, Text } from './post.ts'

/**
 * Writes what a rule made of a post, tells it, and drops the answers that gateways keep of it: all of it takes effect
 * with the transaction, or nothing.
 */
export async function record(stores: Stores, before: Post, after: Post, editorId: string, text?: Text): Promise<void> {
  if (after === before) return
  if (after.slug !== before.slug) await stores.slugs.claim(after.slug, after.id)
  await stores.posts.save(after, before, editorId, text)
  await tell(stores, before, after)
}

/** Adds the event that follows, in the transaction that makes it true, and purges after its commit. */
export async function tell({ outbox, purge }: Stores, before: Post | null, after: Post): Promise<void> {
  const { id: postId, authorId } = after
  const at = after.updatedAt.toISOString()
  switch (newsOf(before, after)) {
    case 'published':
      await outbox.add(PostPublished, publishedPayload(after))
      break
    case 'changed':
      await outbox.add(PostChanged, { ...publishedPayload(after), changedAt: at })
      break
    case 'unpublished':
      await outbox.add(PostUnpublished, { postId, authorId, unpublishedAt: at })
      break
    case 'deleted':
      await outbox.add(PostDeleted, { postId, authorId, deletedAt: at })
      break
    default:
      return
  }
  purge(`post:${postId}`, `comments:${postId}`, 'posts', 'tags')
}
