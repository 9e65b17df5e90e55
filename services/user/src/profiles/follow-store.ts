import { type Follow, UserNotFound } from '@portico/contracts/user'
import { decodeCursor, encodeCursor, keyset, type Page, page, uuidv7 } from '@portico/database'
import type { Kysely } from 'kysely'
import type { PageRequest } from '../context.ts'
import type { Tables } from '../db/tables.ts'

export type FollowStore = ReturnType<typeof followStore>

export function followStore(db: Kysely<Tables>) {
  return {
    async exists(followerId: string, followedId: string): Promise<boolean> {
      const row = await db
        .selectFrom('follows')
        .select('id')
        .where('follower_id', '=', followerId)
        .where('followed_id', '=', followedId)
        .executeTakeFirst()
      return row !== undefined
    },

    /** False: it was there already. */
    async add(followerId: string, followedId: string, at: Date): Promise<boolean> {
      await holdBoth(db, followerId, followedId)
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('follows')
        .values({ id: uuidv7(), follower_id: followerId, followed_id: followedId, created_at: at })
        .onConflict(conflict => conflict.constraint('follows_once').doNothing())
        .executeTakeFirst()
      if (!numInsertedOrUpdatedRows) return false
      await addToCounts(db, followerId, followedId, 1)
      return true
    },

    /** False: there was none. */
    async remove(followerId: string, followedId: string): Promise<boolean> {
      await holdBoth(db, followerId, followedId)
      const { numDeletedRows } = await db
        .deleteFrom('follows')
        .where('follower_id', '=', followerId)
        .where('followed_id', '=', followedId)
        .executeTakeFirst()
      if (numDeletedRows === 0n) return false
      await addToCounts(db, followerId, followedId, -1)
      return true
    },

    /** One side of the graph around an account, latest first: who follows it, or whom it follows. */
    async list(
      side: 'followers' | 'following',
      accountId: string,
      { limit, cursor }: PageRequest,
    ): Promise<Page<Follow>> {
      const list = `${side}:${accountId}`
      const after = cursor === undefined ? null : decodeCursor(cursor, { list, shape: ['uuid'] })
      const [own, other] = ends[side]
      const query = db
        .selectFrom('follows')
        .innerJoin('accounts', 'accounts.id', other)
        .where(own, '=', accountId)
        .where('accounts.status', '=', 'active')
        .select(['follows.id as follow_id', 'follows.created_at as followed_at'])
        .select(['accounts.id', 'accounts.handle', 'accounts.name', 'accounts.avatar_file_id'])
      const rows = await keyset(query, [{ column: 'follows.id', direction: 'desc' }], after)
        .limit(limit + 1)
        .execute()
      const { items, nextCursor } = page(rows, limit, row => encodeCursor([row.follow_id], { list }))
      return { items: items.map(toFollow), nextCursor }
    },
  }
}

/** The account the list is of, and the one it shows. */
const ends = {
  followers: ['follows.followed_id', 'follows.follower_id'],
  following: ['follows.follower_id', 'follows.followed_id'],
} as const

interface ListedRow {
  id: string
  handle: string
  name: string
  avatar_file_id: string | null
  followed_at: Date
}

function toFollow({ id, handle, name, avatar_file_id, followed_at }: ListedRow): Follow {
  return { id, handle, name, avatarFileId: avatar_file_id, followedAt: followed_at.toISOString() }
}

/** Both accounts in the order of their ids: two that follow each other at once do not wait for each other. */
async function holdBoth(db: Kysely<Tables>, a: string, b: string): Promise<void> {
  const held = db.selectFrom('accounts').select('id').where('id', 'in', [a, b]).orderBy('id').forNoKeyUpdate()
  // One of them may have left while this waited.
  if ((await held.execute()).length < 2) throw UserNotFound()
}

async function addToCounts(db: Kysely<Tables>, followerId: string, followedId: string, step: 1 | -1): Promise<void> {
  await db
    .updateTable('accounts')
    .set(row => ({ following_count: row('following_count', '+', step) }))
    .where('id', '=', followerId)
    .execute()
  await db
    .updateTable('accounts')
    .set(row => ({ follower_count: row('follower_count', '+', step) }))
    .where('id', '=', followedId)
    .execute()
}
