import { PostNotFound } from '@portico/contracts/content'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { PostRow, Tables } from '../db/tables.ts'
import type { TagNames } from '../tags/tag-names.ts'
import { tagStore } from '../tags/tag-store.ts'
import type { Post, Text } from './post.ts'
import { columnsOf, postOf } from './post-rows.ts'

export type PostStore = ReturnType<typeof postStore>

/** Posts as they are written. Bound to the transaction of whoever writes; what readers see is `post-reader.ts`. */
export function postStore(db: Kysely<Tables>, names: TagNames) {
  const toPost = async (row: Selectable<PostRow>) => {
    const [tags = []] = await names.resolve(db, [row.tag_ids])
    return postOf(row, tags)
  }
  return {
    /** Locks the post until the transaction ends. @throws PostNotFound */
    async getForUpdate(id: string): Promise<Post> {
      const row = await db.selectFrom('posts').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
      if (!row) throw PostNotFound()
      return await toPost(row)
    },

    async insert(post: Post, text: Text): Promise<void> {
      const tagIds = await tagStore(db).idsOf(post.tags)
      await db
        .insertInto('posts')
        .values({ id: post.id, author_id: post.authorId, ...columnsOf(post, tagIds) })
        .execute()
      await insertRevision(db, post, text, post.authorId, tagIds)
      await linkTags(db, post, tagIds)
    },

    /** Writes the row and, when `post` is a new revision, the revision: its text is the former's unless given. */
    async save(post: Post, before: Post, editorId: string, text?: Text): Promise<void> {
      const tagIds = await tagStore(db).idsOf(post.tags)
      await db.updateTable('posts').set(columnsOf(post, tagIds)).where('id', '=', post.id).execute()
      if (post.revision !== before.revision) {
        const words = text ?? (await textOf(db, before))
        await insertRevision(db, post, words, editorId, tagIds)
      }
      await linkTags(db, post, tagIds)
    },

    /** Posts whose time has come, locked; those that another replica has locked are left to it. */
    async lockDue(now: Date, limit: number): Promise<Post[]> {
      const rows = await db
        .selectFrom('posts')
        .selectAll()
        .where('status', '=', sql.lit('scheduled'))
        .where('scheduled_for', '<=', now)
        .orderBy('scheduled_for')
        .limit(limit)
        .forUpdate()
        .skipLocked()
        .execute()
      return await Promise.all(rows.map(toPost))
    },

    /** Locks the post, if it is out. */
    async lockPublished(id: string): Promise<boolean> {
      const locked = await db
        .selectFrom('posts')
        .select('id')
        .where('id', '=', id)
        .where('status', '=', sql.lit('published'))
        .forUpdate()
        .executeTakeFirst()
      return locked !== undefined
    },

    /** What an account wrote and did not throw away. */
    async idsOfAuthor(authorId: string): Promise<string[]> {
      const rows = await db
        .selectFrom('posts')
        .select('id')
        .where('author_id', '=', authorId)
        .where('status', '!=', 'trashed')
        .orderBy('id')
        .execute()
      return rows.map(row => row.id)
    },

    /** Counts a comment or reaction of a published post; undefined when there is none. Not a write that makes ETags stale. */
    async count(id: string, column: 'comment_count' | 'reaction_count', by: number) {
      return await db
        .updateTable('posts')
        .set(eb => ({ [column]: eb(column, '+', by) }))
        .where('id', '=', id)
        .where('status', '=', sql.lit('published'))
        .returning(['id', 'author_id as authorId', 'slug', 'title'])
        .executeTakeFirst()
    },

    /** Removes for good what was put into the trash before `before`; at most `limit`. @returns how many */
    async purge(before: Date, limit: number): Promise<number> {
      const old = db
        .selectFrom('posts')
        .select('id')
        .where('status', '=', sql.lit('trashed'))
        .where('trashed_at', '<', before)
        .orderBy('trashed_at')
        .limit(limit)
        .forUpdate()
        .skipLocked()
      const { numDeletedRows } = await db.deleteFrom('posts').where('id', 'in', old).executeTakeFirstOrThrow()
      return Number(numDeletedRows)
    },
  }
}

async function textOf(db: Kysely<Tables>, { id, revision, excerpt }: Post): Promise<Text> {
  const row = await db
    .selectFrom('post_revisions')
    .select(['body', 'html'])
    .where('post_id', '=', id)
    .where('revision', '=', revision)
    .executeTakeFirstOrThrow()
  return { ...row, excerpt }
}

async function insertRevision(db: Kysely<Tables>, post: Post, { body, html }: Text, editor: string, tagIds: number[]) {
  const { slug, title, tag_ids, byline, cover_file_id } = columnsOf(post, tagIds)
  const standing = { slug, title, tag_ids, byline, cover_file_id }
  await db
    .insertInto('post_revisions')
    .values({
      post_id: post.id,
      revision: post.revision,
      ...standing,
      body,
      html,
      editor_id: editor,
      created_at: post.updatedAt,
    })
    .execute()
}

/** The rows that lists by tag walk along. */
async function linkTags(db: Kysely<Tables>, post: Post, tagIds: number[]): Promise<void> {
  const published_at = post.status === 'published' ? post.publishedAt : null
  const gone = db.deleteFrom('post_tags').where('post_id', '=', post.id)
  await (tagIds.length > 0 ? gone.where('tag_id', 'not in', tagIds) : gone).execute()
  if (tagIds.length === 0) return
  await db
    .insertInto('post_tags')
    .values(tagIds.map(tag_id => ({ post_id: post.id, tag_id, published_at })))
    .onConflict(conflict => conflict.columns(['post_id', 'tag_id']).doUpdateSet({ published_at }))
    .execute()
}
