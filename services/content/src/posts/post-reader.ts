import { PostNotFound, type PostStatus, type PostSummary } from '@portico/contracts/content'
import { type Direction, decodeCursor, encodeCursor, keyset, type Page, page } from '@portico/database'
import { type Kysely, sql } from 'kysely'
import type { Tables } from '../db/tables.ts'
import type { TagNames } from '../tags/tag-names.ts'
import { htmlOfSlugQuery, htmlQuery, publishedQuery, stampedQuery, summaryQuery, taggedQuery } from './post-queries.ts'
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
export function postReader(db: Kysely<Tables>, names: TagNames) {
  async function toView(row: ViewRow | undefined): Promise<PostView | null> {
    if (!row) return null
    const [tags = []] = await names.resolve(db, [row.tag_ids])
    return { ...stampedOf(row, tags), html: row.html }
  }

  async function summaries(rows: SummaryRow[]): Promise<PostSummary[]> {
    const columns = rows.map(row => row.tag_ids)
    const tags = await names.resolve(db, columns)
    return rows.map((row, index) => summaryOf(row, tags[index] ?? []))
  }

  return {
    async byId(id: string): Promise<PostView | null> {
      return await toView(await htmlQuery(db).where('posts.id', '=', id).executeTakeFirst())
    },

    /** Any slug that the post ever had. */
    async bySlug(slug: string): Promise<PostView | null> {
      return await toView(await htmlOfSlugQuery(db, slug).executeTakeFirst())
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
      const [tags = []] = await names.resolve(db, [row.tag_ids])
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
      const after = cursor === undefined ? null : decodeCursor(cursor, { list, shape: placeShape })
      const direction = sort === 'newest' ? 'desc' : 'asc'
      const rows = await (tag === undefined
        ? keyset(publishedQuery(db, author), byPlace('posts.published_at', 'posts.id', direction), after)
        : keyset(taggedQuery(db, author, tag), byPlace('post_tags.published_at', 'post_tags.post_id', direction), after)
      )
        .limit(sql.lit(limit + 1))
        .execute()
      const { items, nextCursor } = page(rows, limit, row =>
        encodeCursor([placeIn(row.published_at), row.id], { list }),
      )
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
      const { items, nextCursor } = page(rows, limit, row => encodeCursor([placeIn(row.updated_at), row.id], { list }))
      return { items: await summaries(items), nextCursor }
    },
  }
}

function byPlace(time: string, id: string, direction: Direction) {
  return [
    { column: sql.ref(time), direction },
    { column: sql.ref(id), direction },
  ]
}

function placeIn(time: Date | null): string | null {
  return time?.toISOString() ?? null
}
