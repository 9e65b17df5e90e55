import { PostNotFound, type PostStatus, type PostSummary } from '@portico/contracts/content'
import { decodeCursor, encodeCursor, keyset, type Page, page, type Slot } from '@portico/database'
import { type Kysely, sql } from 'kysely'
import type { ReadMemory } from '../db/stores.ts'
import type { Tables } from '../db/tables.ts'
import { byPlace, htmlOfSlugQuery, htmlQuery, publishedPage, stampedQuery, summaryQuery } from './post-queries.ts'
import { type PostView, type Stamped, type SummaryRow, stampedOf, summaryOf, type ViewRow } from './present.ts'

interface ListOf {
  limit: number
  cursor: string | undefined
}
export interface PublishedFilter extends ListOf {
  /** Handle. */
  author: string | undefined
  tag: string | undefined
  sort: 'newest' | 'oldest'
}
export interface OwnFilter extends ListOf {
  authorId: string
  status: PostStatus | undefined
}

const placeShape = ['timestamp', 'uuid'] as const

export type PostReader = ReturnType<typeof postReader>

/** Posts as readers see them: rows of lists without text, one post with its current revision. */
export function postReader(db: Kysely<Tables>, { tagNames, queries }: ReadMemory) {
  async function toView(row: ViewRow | undefined): Promise<PostView | null> {
    if (!row) return null
    const [tags = []] = await tagNames.resolve(db, [row.tag_ids])
    return { ...stampedOf(row, tags), html: row.html }
  }

  async function summaries(rows: SummaryRow[]): Promise<PostSummary[]> {
    const columns = rows.map(row => row.tag_ids)
    const tags = await tagNames.resolve(db, columns)
    return rows.map((row, index) => summaryOf(row, tags[index] ?? []))
  }

  return {
    async byId(id: string): Promise<PostView | null> {
      const build = (slot: Slot) => htmlQuery(db).where('posts.id', '=', slot('id'))
      const [row] = await queries.run(db, 'post by id', build, { id })
      return await toView(row)
    },

    /** Any slug that the post ever had. */
    async bySlug(slug: string): Promise<PostView | null> {
      const build = (slot: Slot) => htmlOfSlugQuery(db, slot('slug'))
      const [row] = await queries.run(db, 'post by slug', build, { slug })
      return await toView(row)
    },

    /** The Markdown: three quarters of a post's bytes, so it is read only for those who may have it. */
    async bodyOf({ summary }: Stamped): Promise<string> {
      const { body } = await db
        .selectFrom('post_revisions')
        .select('body')
        .where('post_id', '=', summary.id)
        .where('revision', '=', summary.revision)
        .executeTakeFirstOrThrow()
      return body
    },

    /** Without its text. @throws PostNotFound */
    async stamped(id: string): Promise<Stamped> {
      const row = await stampedQuery(db).where('posts.id', '=', id).executeTakeFirst()
      if (!row) throw PostNotFound()
      const [tags = []] = await tagNames.resolve(db, [row.tag_ids])
      return stampedOf(row, tags)
    },

    /** What a reader's right depends on. */
    async standing(id: string) {
      return await db
        .selectFrom('posts')
        .select(['author_id as authorId', 'status'])
        .where('id', '=', id)
        .executeTakeFirst()
    },

    async published({ limit, cursor, author, tag, sort }: PublishedFilter): Promise<Page<PostSummary>> {
      const list = `posts:${sort}:author=${author ?? ''}:tag=${tag ?? ''}`
      const [time, id] = cursor === undefined ? [] : decodeCursor(cursor, { list, shape: placeShape })
      const shape = {
        sort,
        limit: limit + 1,
        author: author !== undefined,
        tag: tag !== undefined,
        after: cursor !== undefined,
      }
      const build = (slot: Slot) => publishedPage(db, shape, slot)
      const rows = await queries.run(db, `published ${Object.values(shape)}`, build, { author, tag, time, id })
      const { items, nextCursor } = page(rows, limit, row => encodeCursor([row.published_at, row.id], { list }))
      return { items: await summaries(items), nextCursor }
    },

    /** Everything an account wrote, last changed first. */
    async own({ authorId, status, limit, cursor }: OwnFilter): Promise<Page<PostSummary>> {
      const list = `own-posts:${authorId}:${status ?? ''}`
      const after = cursor === undefined ? null : decodeCursor(cursor, { list, shape: placeShape })
      const all = summaryQuery(db).where('posts.author_id', '=', authorId)
      const query = status === undefined ? all : all.where('posts.status', '=', status)
      const rows = await keyset(query, byPlace('posts.updated_at', 'posts.id', 'desc'), after)
        .limit(sql.lit(limit + 1))
        .execute()
      const { items, nextCursor } = page(rows, limit, row => encodeCursor([row.updated_at, row.id], { list }))
      return { items: await summaries(items), nextCursor }
    },
  }
}
