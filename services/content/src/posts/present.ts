import type { Author, PostSummary } from '@portico/contracts/content'
import type { PostRow } from '../db/tables.ts'

/** A row of a list: a post without its text, with its author beside it. */
export interface SummaryRow extends Omit<PostRow, 'version' | 'trashed_at' | 'comment_count' | 'reaction_count'> {
  comment_count: number
  reaction_count: number
  author_handle: string | null
  author_name: string
  author_avatar: string | null
}

/** One post, and what its ETag is made of. */
export interface StampedRow extends SummaryRow {
  version: number
  author_version: number
}

export interface ViewRow extends StampedRow {
  html: string
}

export interface Stamped {
  readonly summary: PostSummary
  readonly authorId: string
  readonly status: PostSummary['status']
  readonly version: number
  readonly authorVersion: number
}

export interface PostView extends Stamped {
  readonly html: string
}

export function summaryOf(row: SummaryRow, tags: readonly string[]): PostSummary {
  const author: Author = {
    id: row.author_id,
    handle: row.author_handle,
    name: row.author_name,
    avatarFileId: row.author_avatar,
  }
  return {
    id: row.id,
    slug: row.slug,
    status: row.status,
    title: row.title,
    excerpt: row.excerpt,
    tags: [...tags],
    author,
    authors: creditsOf(row.byline, author),
    coverFileId: row.cover_file_id,
    counts: { comments: row.comment_count, reactions: row.reaction_count },
    revision: row.revision,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    publishedAt: row.published_at?.toISOString() ?? null,
    scheduledFor: row.scheduled_for?.toISOString() ?? null,
  }
}

export function stampedOf(row: StampedRow, tags: readonly string[]): Stamped {
  const { author_id: authorId, author_version: authorVersion, status, version } = row
  return { summary: summaryOf(row, tags), authorId, authorVersion, status, version }
}

function creditsOf(byline: string, { name, handle }: Author) {
  return byline === '' ? [{ name, handle }] : byline.split('\n').map(each => ({ name: each, handle: null }))
}
