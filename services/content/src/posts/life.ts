import { AlreadyPublished, NotInTheFuture, PostInTrash } from '@portico/contracts/content'
import type { Post, Text } from './post.ts'

/** Days a post stays in the trash before it is purged. */
export const trashDays = 30

/**
 * The life of a post, as functions from a post to the next. Each gives back the very same object when there is nothing
 * to do, so that a repeated request neither writes nor tells anyone.
 */
export interface DraftGiven {
  id: string
  authorId: string
  slug: string
  title: string
  tags: readonly string[]
  byline: readonly string[]
  coverFileId: string | null
  createdAt: Date
}

export function draft(given: DraftGiven, text: Text, now: Date): Post {
  return {
    ...given,
    excerpt: text.excerpt,
    status: 'draft',
    version: 1,
    revision: 1,
    updatedAt: now,
    publishedAt: null,
    scheduledFor: null,
    trashedAt: null,
  }
}

export interface Edit {
  title?: string
  slug?: string
  tags?: readonly string[]
  byline?: readonly string[]
  coverFileId?: string | null
  createdAt?: Date
  publishedAt?: Date
  text?: Text
}

/** A new revision. */
export function edit(post: Post, { text, publishedAt, ...changes }: Edit, now: Date): Post {
  refuseTrashed(post)
  return {
    ...post,
    ...changes,
    excerpt: text?.excerpt ?? post.excerpt,
    publishedAt: (post.publishedAt && publishedAt) ?? post.publishedAt,
    revision: post.revision + 1,
    ...written(post, now),
  }
}

/** `asOf` is the date an imported post carries. */
export function publish(post: Post, now: Date, asOf?: Date): Post {
  refuseTrashed(post)
  if (post.status === 'published') return post
  const publishedAt = asOf ?? post.publishedAt ?? now
  return { ...post, status: 'published', publishedAt, scheduledFor: null, ...written(post, now) }
}

export function unpublish(post: Post, now: Date): Post {
  refuseTrashed(post)
  if (post.status === 'draft') return post
  return { ...post, status: 'draft', scheduledFor: null, ...written(post, now) }
}

export function schedule(post: Post, publishAt: Date, now: Date): Post {
  refuseTrashed(post)
  if (post.status === 'published') throw AlreadyPublished()
  if (publishAt <= now) throw NotInTheFuture()
  return { ...post, status: 'scheduled', scheduledFor: publishAt, ...written(post, now) }
}

export function trash(post: Post, now: Date): Post {
  if (post.status === 'trashed') return post
  return { ...post, status: 'trashed', scheduledFor: null, trashedAt: now, ...written(post, now) }
}

export function restore(post: Post, now: Date): Post {
  if (post.status !== 'trashed') return post
  return { ...post, status: 'draft', trashedAt: null, ...written(post, now) }
}

function refuseTrashed(post: Post): void {
  if (post.status === 'trashed') throw PostInTrash()
}

function written(post: Post, now: Date) {
  return { version: post.version + 1, updatedAt: now }
}
