import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.ts'

export interface Reaction {
  postId: string
  userId: string
  kind: string
}

export type ReactionStore = ReturnType<typeof reactionStore>

export function reactionStore(db: Kysely<Tables>) {
  return {
    /** @returns whether it is new */
    async add({ postId, userId, kind }: Reaction, at: Date): Promise<boolean> {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('reactions')
        .values({ post_id: postId, user_id: userId, kind, created_at: at })
        .onConflict(conflict => conflict.doNothing())
        .executeTakeFirstOrThrow()
      return Number(numInsertedOrUpdatedRows) > 0
    },

    /** @returns whether there was one */
    async remove({ postId, userId, kind }: Reaction): Promise<boolean> {
      const { numDeletedRows } = await db
        .deleteFrom('reactions')
        .where('post_id', '=', postId)
        .where('user_id', '=', userId)
        .where('kind', '=', kind)
        .executeTakeFirstOrThrow()
      return Number(numDeletedRows) > 0
    },

    /** @returns the post of each */
    async removeOfUser(userId: string): Promise<string[]> {
      const rows = await db.deleteFrom('reactions').where('user_id', '=', userId).returning('post_id').execute()
      return rows.map(row => row.post_id)
    },
  }
}
