import type { Payload } from '@portico/contracts'
import type { PostPublished } from '@portico/contracts/content'
import type { Post } from './post.ts'

/** What others must hear when a post went from one state to the next, or null. */
export function newsOf(before: Post | null, after: Post): 'published' | 'changed' | 'unpublished' | 'deleted' | null {
  if (before === after) return null
  const was = before?.status === 'published'
  const is = after.status === 'published'
  if (is) return was ? 'changed' : 'published'
  // Of a post that was never out nobody has heard.
  if (after.status === 'trashed') return after.publishedAt ? 'deleted' : null
  return was ? 'unpublished' : null
}

export function publishedPayload(post: Post): Payload<typeof PostPublished> {
  return {
    postId: post.id,
    authorId: post.authorId,
    slug: post.slug,
    title: post.title,
    excerpt: post.excerpt,
    tags: [...post.tags],
    coverFileId: post.coverFileId,
    publishedAt: (post.publishedAt ?? post.updatedAt).toISOString(),
  }
}
