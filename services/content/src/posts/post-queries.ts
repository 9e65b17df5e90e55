import type { PostStatus } from '@portico/contracts/content'
import { cursorText, type Direction, keyset, type Slot } from '@portico/database'
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
  // As texts: they leave as texts, and Dates in between were a tenth of a list's CPU.
  cursorText('posts.created_at').as('created_at'),
  cursorText('posts.updated_at').as('updated_at'),
  sql<string | null>`${sql.ref('posts.published_at')}::text`.as('published_at'),
  sql<string | null>`${sql.ref('posts.scheduled_for')}::text`.as('scheduled_for'),
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

/** What the text of a list's query depends on. */
export interface PublishedShape {
  sort: 'newest' | 'oldest'
  limit: number
  author: boolean
  tag: boolean
  after: boolean
}

/** A page of published posts; its slots are `author` (handle), `tag`, and `time` and `id` of the place after which it begins. */
export function publishedPage(db: Kysely<Tables>, { sort, limit, author, tag, after }: PublishedShape, slot: Slot) {
  const direction = sort === 'newest' ? 'desc' : 'asc'
  const place = after ? [slot('time'), slot('id')] : null
  const all = author ? writtenBy(publishedQuery(db), slot('author')) : publishedQuery(db)
  // A list by tag walks along the index of post_tags, any other along that of posts.
  const page = tag
    ? keyset(tagged(all, slot('tag')), byPlace('post_tags.published_at', 'post_tags.post_id', direction), place)
    : keyset(all, byPlace('posts.published_at', 'posts.id', direction), place)
  return page.limit(sql.lit(limit))
}

export function byPlace(time: string, id: string, direction: Direction) {
  return [
    { column: sql.ref(time), direction },
    { column: sql.ref(id), direction },
  ]
}

// Literals, not parameters: a plan that is made once can use a partial index only for a condition that it sees.
const published = sql.lit<PostStatus>('published')

function publishedQuery(db: Kysely<Tables>) {
  return summaryQuery(db).where('posts.status', '=', published)
}

type Published = ReturnType<typeof publishedQuery>

/** For a moment two accounts can have a handle: the one that changed last is meant. */
function writtenBy(query: Published, handle: string): Published {
  return query.where('posts.author_id', '=', eb =>
    eb
      .selectFrom('authors')
      .select('user_id')
      .where('handle', '=', handle)
      .orderBy('updated_at', 'desc')
      .limit(sql.lit(1)),
  )
}

function tagged(query: Published, tag: string) {
  return query
    .innerJoin('post_tags', 'post_tags.post_id', 'posts.id')
    .where('post_tags.published_at', 'is not', null)
    .where('post_tags.tag_id', '=', eb => eb.selectFrom('tags').select('tags.id').where('tags.name', '=', tag))
}
