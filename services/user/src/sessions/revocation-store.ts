import { uuidv7 } from '@portico/database'
import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.ts'

/** Sessions that ended; `sessionIds` null: all of the account. */
export interface Revocation {
  id: string
  userId: string
  sessionIds: string[] | null
}

/** As many as one broadcast carries. */
const mostPerRow = 1_000

export type RevocationStore = ReturnType<typeof revocationStore>

export function revocationStore(db: Kysely<Tables>) {
  return {
    /** Written in the transaction that ends the sessions, so that no replica's death can keep it from the doors. */
    async add(userId: string, sessionIds: string[] | null, at: Date): Promise<Revocation[]> {
      const parts = sessionIds === null || sessionIds.length > mostPerRow ? [null] : [sessionIds]
      if (sessionIds?.length === 0) return []
      const revocations = parts.map(ids => ({ id: uuidv7(), userId, sessionIds: ids }))
      const rows = revocations.map(({ id, sessionIds: ids }) => ({
        id,
        user_id: userId,
        session_ids: ids,
        created_at: at,
      }))
      await db.insertInto('revocations').values(rows).execute()
      return revocations
    },

    async since(at: Date, limit: number): Promise<Revocation[]> {
      const rows = await db
        .selectFrom('revocations')
        .select(['id', 'user_id', 'session_ids'])
        .where('created_at', '>', at)
        .orderBy('created_at', 'desc')
        .limit(limit)
        .execute()
      return rows.map(({ id, user_id, session_ids }) => ({ id, userId: user_id, sessionIds: session_ids }))
    },
  }
}
