import type { Selectable } from 'kysely'
import type { PostRow } from '../db/tables.ts'
import type { Post } from './post.ts'

/** The post that a row holds; `tags` are the names of its `tag_ids`. */
export function postOf(row: Selectable<PostRow>, tags: readonly string[]): Post {
  return {
    id: row.id,
    authorId: row.author_id,
    slug: row.slug,
    title: row.title,
    excerpt: row.excerpt,
    tags,
    byline: row.byline === '' ? [] : row.byline.split('\n'),
    coverFileId: row.cover_file_id,
    status: row.status,
    version: row.version,
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    publishedAt: row.published_at,
    scheduledFor: row.scheduled_for,
    trashedAt: row.trashed_at,
  }
}

/** The columns that a post is written to; its id and author never change. */
export function columnsOf(post: Post, tagIds: number[]) {
  return {
    slug: post.slug,
    title: post.title,
    excerpt: post.excerpt,
    tag_ids: tagIds.join(','),
    byline: post.byline.join('\n'),
    cover_file_id: post.coverFileId,
    status: post.status,
    version: post.version,
    revision: post.revision,
    created_at: post.createdAt,
    updated_at: post.updatedAt,
    published_at: post.publishedAt,
    scheduled_for: post.scheduledFor,
    trashed_at: post.trashedAt,
  }
}
