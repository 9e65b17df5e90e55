import { type CursorValue, cursorText, keyset } from '@portico/database'
import type { Kysely } from 'kysely'
import type { NoticeRow, Tables } from '../db/tables.ts'

const newestFirst = [
  { column: 'notices.created_at', direction: 'desc' },
  { column: 'notices.id', direction: 'desc' },
] as const

export interface NoticeFilter {
  userId: string
  unreadOnly: boolean
}

export type NoticeStore = ReturnType<typeof noticeStore>
export type NoticeView = Awaited<ReturnType<NoticeStore['list']>>[number]

export function noticeStore(db: Kysely<Tables>) {
  const views = () =>
    db
      .selectFrom('notices')
      .leftJoin('people as actor', 'actor.user_id', 'notices.actor_id')
      .selectAll('notices')
      .select(['actor.handle as actor_handle', 'actor.name as actor_name'])
      .select(cursorText('notices.created_at').as('created_at_cursor'))

  return {
    list({ userId, unreadOnly }: NoticeFilter, after: readonly CursorValue[] | null, limit: number) {
      const own = views().where('notices.user_id', '=', userId)
      const asked = unreadOnly ? own.where('notices.read_at', 'is', null) : own
      return keyset(asked, newestFirst, after)
        .limit(limit + 1)
        .execute()
    },

    get: (id: string, userId: string) =>
      views().where('notices.id', '=', id).where('notices.user_id', '=', userId).executeTakeFirst(),

    async countUnread(userId: string): Promise<number> {
      const row = await db
        .selectFrom('notices')
        .select(({ fn }) => fn.countAll<number>().as('unread'))
        .where('user_id', '=', userId)
        .where('read_at', 'is', null)
        .executeTakeFirstOrThrow()
      return Number(row.unread)
    },

    async insert(row: NoticeRow): Promise<void> {
      await db.insertInto('notices').values(row).execute()
    },

    /** Sets the time once: reading it again does not make it news. */
    async markRead(id: string, userId: string, now: Date): Promise<void> {
      await db
        .updateTable('notices')
        .set({ read_at: now })
        .where('id', '=', id)
        .where('user_id', '=', userId)
        .where('read_at', 'is', null)
        .execute()
    },

    async markAllRead(userId: string, now: Date): Promise<number> {
      const { numUpdatedRows } = await db
        .updateTable('notices')
        .set({ read_at: now })
        .where('user_id', '=', userId)
        .where('read_at', 'is', null)
        .executeTakeFirst()
      return Number(numUpdatedRows)
    },

    async delete(id: string, userId: string): Promise<boolean> {
      const { numDeletedRows } = await db
        .deleteFrom('notices')
        .where('id', '=', id)
        .where('user_id', '=', userId)
        .executeTakeFirst()
      return numDeletedRows > 0n
    },

    /** Follows and unfollows in a row are one notice. */
    async removeFollow(followerId: string, followedId: string): Promise<void> {
      await db
        .deleteFrom('notices')
        .where('actor_id', '=', followerId)
        .where('user_id', '=', followedId)
        .where('kind', '=', 'follow')
        .execute()
    },

    async removeOfComment(commentId: string): Promise<void> {
      await db.deleteFrom('notices').where('comment_id', '=', commentId).execute()
    },

    /** Theirs, and those about them. */
    async removeOfUser(userId: string): Promise<void> {
      await db
        .deleteFrom('notices')
        .where(({ or, eb }) => or([eb('user_id', '=', userId), eb('actor_id', '=', userId)]))
        .execute()
    },

    async forgetBefore(before: Date, limit: number): Promise<number> {
      const { numDeletedRows } = await db
        .deleteFrom('notices')
        .where('id', 'in', eb => eb.selectFrom('notices').select('id').where('created_at', '<', before).limit(limit))
        .executeTakeFirst()
      return Number(numDeletedRows)
    },
  }
}
