import { CommentNotFound } from '@portico/contracts/content'
import { decodeCursor, encodeCursor, keyset, type Page, page } from '@portico/database'
import { type Kysely, sql } from 'kysely'
import type { Tables } from '../db/tables.ts'
import type { CommentRowView } from './present.ts'

export interface NewCommentRow {
  id: string
  postId: string
  parentId: string | null
  path: string
  authorId: string
  body: string
  html: string
  createdAt: Date
}

export type CommentStore = ReturnType<typeof commentStore>

export function commentStore(db: Kysely<Tables>) {
  return {
    async insert({ postId, parentId, authorId, createdAt, ...comment }: NewCommentRow): Promise<void> {
      await db
        .insertInto('comments')
        .values({
          ...comment,
          post_id: postId,
          parent_id: parentId,
          author_id: authorId,
          created_at: createdAt,
          edited_at: null,
          deleted_at: null,
        })
        .execute()
    },

    /** What an answer needs of the comment it answers, if that is alive and of this post. */
    async parent(id: string, postId: string): Promise<{ path: string; authorId: string } | undefined> {
      return await db
        .selectFrom('comments')
        .select(['path', 'author_id as authorId'])
        .where('id', '=', id)
        .where('post_id', '=', postId)
        .where('deleted_at', 'is', null)
        .executeTakeFirst()
    },

    /** Locks a living comment of a published post. @throws CommentNotFound */
    async getForUpdate(id: string) {
      const comment = await db
        .selectFrom('comments')
        .innerJoin('posts', 'posts.id', 'comments.post_id')
        .select([
          'comments.id',
          'comments.version',
          'comments.post_id as postId',
          'comments.author_id as authorId',
          'posts.author_id as postAuthorId',
        ])
        .where('comments.id', '=', id)
        .where('comments.deleted_at', 'is', null)
        .where('posts.status', '=', sql.lit('published'))
        .forUpdate('comments')
        .executeTakeFirst()
      if (!comment) throw CommentNotFound()
      return comment
    },

    async edit(id: string, { body, html }: { body: string; html: string }, at: Date): Promise<void> {
      await db
        .updateTable('comments')
        .set(eb => ({ body, html, edited_at: at, version: eb('version', '+', 1) }))
        .where('id', '=', id)
        .execute()
    },

    /** Forgets the words; the place in the thread stays. */
    async remove(id: string, at: Date): Promise<void> {
      await db
        .updateTable('comments')
        .set(eb => ({ body: '', html: '', deleted_at: at, version: eb('version', '+', 1) }))
        .where('id', '=', id)
        .execute()
    },

    /** The same for everything an account wrote. @returns what was there, with its posts */
    async removeOfAuthor(authorId: string, at: Date): Promise<{ id: string; postId: string }[]> {
      return await db
        .updateTable('comments')
        .set(eb => ({ body: '', html: '', deleted_at: at, version: eb('version', '+', 1) }))
        .where('author_id', '=', authorId)
        .where('deleted_at', 'is', null)
        .returning(['id', 'post_id as postId'])
        .execute()
    },

    async get(id: string): Promise<CommentRowView> {
      return await viewQuery(db).where('comments.id', '=', id).executeTakeFirstOrThrow()
    },

    async ofPost(postId: string, { limit, cursor }: { limit: number; cursor: string | undefined }) {
      const list = `comments:${postId}`
      const after = cursor === undefined ? null : decodeCursor(cursor, { list, shape: ['text'] })
      const query = viewQuery(db).where('comments.post_id', '=', postId)
      const rows = await keyset(query, [{ column: sql.ref('comments.path'), direction: 'asc' }], after)
        .limit(sql.lit(limit + 1))
        .execute()
      const listed: Page<CommentRowView> = page(rows, limit, ({ path }) => encodeCursor([path], { list }))
      return listed
    },
  }
}

function viewQuery(db: Kysely<Tables>) {
  return db
    .selectFrom('comments')
    .innerJoin('authors', 'authors.user_id', 'comments.author_id')
    .select([
      'comments.id',
      'comments.post_id',
      'comments.parent_id',
      'comments.path',
      'comments.author_id',
      'comments.body',
      'comments.html',
      'comments.version',
      'comments.created_at',
      'comments.edited_at',
      'comments.deleted_at',
      'authors.handle as author_handle',
      'authors.name as author_name',
      'authors.avatar_file_id as author_avatar',
    ])
}
