import type { Author, PostSummary } from '@portico/contracts/content'
import type { PostRow } from '../db/tables.ts'

type Kept =
  | 'id'
  | 'author_id'
  | 'slug'
  | 'title'
  | 'excerpt'
  | 'tag_ids'
  | 'byline'
  | 'cover_file_id'
  | 'status'
  | 'revision'

/** A row of a list: a post without its text, with its author beside it. */
export interface SummaryRow extends Pick<PostRow, Kept> {
  /** Timestamps as PostgreSQL writes them. */
  created_at: string
  updated_at: string
  published_at: string | null
  scheduled_for: string | null
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
    createdAt: timestampOf(row.created_at),
    updatedAt: timestampOf(row.updated_at),
    publishedAt: row.published_at === null ? null : timestampOf(row.published_at),
    scheduledFor: row.scheduled_for === null ? null : timestampOf(row.scheduled_for),
  }
}

export function stampedOf(row: StampedRow, tags: readonly string[]): Stamped {
  const { author_id: authorId, author_version: authorVersion, status, version } = row
  return { summary: summaryOf(row, tags), authorId, authorVersion, status, version }
}

function creditsOf(byline: string, { name, handle }: Author) {
  return byline === '' ? [{ name, handle }] : byline.split('\n').map(each => ({ name: each, handle: null }))
}

/**
 * PostgreSQL's text of a moment in UTC (`2026-01-02 03:04:05.6+00`) as RFC 3339 with milliseconds. Each connection is set
 * to UTC and ISO dates.
 */
export function timestampOf(text: string): string {
  const fraction = text.slice(20, -3).padEnd(3, '0').slice(0, 3)
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction}Z`
}
