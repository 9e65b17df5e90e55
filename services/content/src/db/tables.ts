import type { PostStatus } from '@portico/contracts/content'
import type { Generated } from 'kysely'

/** Kysely's picture of the tables; the migrations are the truth. */
export interface Tables {
  authors: AuthorRow
  posts: PostRow
  post_slugs: { slug: string; post_id: string }
  post_revisions: RevisionRow
  /** `posts`: how many published ones have it, but for what `tag_changes` says. */
  tags: { id: Generated<number>; name: string; posts: Generated<number> }
  /** Written by triggers on `post_tags`, added up by a job. */
  tag_changes: { id: Generated<string>; tag_id: number; by: number }
  post_tags: { post_id: string; tag_id: number; published_at: Date | null }
  comments: CommentRow
  reactions: { post_id: string; user_id: string; kind: string; created_at: Date }
}

export interface AuthorRow {
  user_id: string
  /** Null when the account is gone. */
  handle: string | null
  name: string
  avatar_file_id: string | null
  version: Generated<number>
  updated_at: Date
  deleted_at: Date | null
}

export interface PostRow {
  id: string
  author_id: string
  slug: string
  title: string
  excerpt: string
  /** Ids with commas between. */
  tag_ids: string
  /** Names, one a line. */
  byline: string
  cover_file_id: string | null
  status: PostStatus
  version: number
  revision: number
  comment_count: Generated<number>
  reaction_count: Generated<number>
  created_at: Date
  updated_at: Date
  published_at: Date | null
  scheduled_for: Date | null
  trashed_at: Date | null
}

export interface RevisionRow {
  post_id: string
  revision: number
  slug: string
  title: string
  body: string
  html: string
  tag_ids: string
  byline: string
  cover_file_id: string | null
  editor_id: string
  created_at: Date
}

export interface CommentRow {
  id: string
  post_id: string
  parent_id: string | null
  path: string
  author_id: string
  body: string
  html: string
  version: Generated<number>
  created_at: Date
  edited_at: Date | null
  deleted_at: Date | null
}
