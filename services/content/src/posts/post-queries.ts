import type { PostStatus } from '@portico/contracts/content'
import { type Kysely, sql } from 'kysely'
import type { Tables } from '../db/tables.ts'

const summaryColumns = [
  'posts.id',
  'posts.author_id',
  'posts.slug',
  'posts.title',
  'posts.excerpt',
  'posts.tag_ids',
  'posts.byline',
  'posts.cover_file_id',
  'posts.status',
  'posts.comment_count',
  'posts.reaction_count',
  'posts.revision',
  'posts.created_at',
  'posts.updated_at',
  'posts.published_at',
  'posts.scheduled_for',
] as const

/**
 * Posts with their authors. The author is looked up by key for each row of the page (`lateral`, `limit 1`): with a
 * plain join the planner is free to read all authors first.
 */
export function summaryQuery(db: Kysely<Tables>) {
  return db
    .selectFrom('posts')
    .innerJoinLateral(
      eb =>
        eb
          .selectFrom('authors')
          .select([
            'authors.handle as author_handle',
            'authors.name as author_name',
            'authors.avatar_file_id as author_avatar',
            'authors.version as author_version',
          ])
          .whereRef('authors.user_id', '=', 'posts.author_id')
          .limit(sql.lit(1))
          .as('author'),
      join => join.onTrue(),
    )
    .select([...summaryColumns, 'author_handle', 'author_name', 'author_avatar'])
}

/** One post, with what its ETag is made of. */
export function stampedQuery(db: Kysely<Tables>) {
  return summaryQuery(db).select(['posts.version', 'author_version'])
}

/** One post with its HTML, from its current revision. */
export function htmlQuery(db: Kysely<Tables>) {
  return stampedQuery(db)
    .innerJoin('post_revisions', join =>
      join.onRef('post_revisions.post_id', '=', 'posts.id').onRef('post_revisions.revision', '=', 'posts.revision'),
    )
    .select('post_revisions.html')
}

/** By any slug that it ever had. */
export function htmlOfSlugQuery(db: Kysely<Tables>, slug: string) {
  return htmlQuery(db).innerJoin('post_slugs', 'post_slugs.post_id', 'posts.id').where('post_slugs.slug', '=', slug)
}

// Literals, not parameters: a plan that is made once can use a partial index only for a condition that it sees.
const published = sql.lit<PostStatus>('published')

/** Every published post, newest or oldest first along `posts.published_at`. */
export function publishedQuery(db: Kysely<Tables>, author: string | undefined) {
  const query = summaryQuery(db).where('posts.status', '=', published)
  if (author === undefined) return query
  return query.where('posts.author_id', '=', eb =>
    eb
      .selectFrom('authors')
      .select('user_id')
      .where('handle', '=', author)
      .orderBy('updated_at', 'desc')
      .limit(sql.lit(1)),
  )
}

/** Published posts with a tag, along the index of `post_tags`. */
export function taggedQuery(db: Kysely<Tables>, author: string | undefined, tag: string) {
  return publishedQuery(db, author)
    .innerJoin('post_tags', 'post_tags.post_id', 'posts.id')
    .where('post_tags.published_at', 'is not', null)
    .where('post_tags.tag_id', '=', eb => eb.selectFrom('tags').select('tags.id').where('tags.name', '=', tag))
}
