import { NotSignedIn } from '@portico/contracts'
import { HandleTaken, UserNotFound } from '@portico/contracts/user'
import { isConstraint } from '@portico/database'
import type { Kysely, Selectable } from 'kysely'
import type { AccountRow, Tables } from '../db/tables.ts'
import { challenge } from '../sessions/challenge.ts'
import { type Account, rowOf } from './account.ts'
import { addressKey } from './address.ts'
import { isReserved } from './handles.ts'

export const columns = [
  'id',
  'email',
  'handle',
  'name',
  'bio',
  'avatar_file_id',
  'role',
  'locale',
  'password_hash',
  'status',
  'follower_count',
  'following_count',
  'version',
  'created_at',
  'changed_at',
] as const

export function accountOf(row: Omit<Selectable<AccountRow>, 'email_key'>): Account {
  return {
    id: row.id,
    email: row.email,
    handle: row.handle,
    name: row.name,
    bio: row.bio,
    avatarFileId: row.avatar_file_id,
    role: row.role,
    locale: row.locale,
    passwordHash: row.password_hash,
    status: row.status,
    followerCount: row.follower_count,
    followingCount: row.following_count,
    version: row.version,
    createdAt: row.created_at,
    changedAt: row.changed_at,
  }
}

export type AccountStore = ReturnType<typeof accountStore>

export function accountStore(db: Kysely<Tables>) {
  const one = async (column: 'id' | 'handle' | 'email_key', value: string, lock = false) => {
    const query = db.selectFrom('accounts').select(columns).where(column, '=', value)
    const row = await (lock ? query.forUpdate() : query).executeTakeFirst()
    return row ? accountOf(row) : null
  }
  const required = (account: Account | null): Account => {
    if (!account) throw UserNotFound()
    return account
  }

  const own = (account: Account | null): Account => {
    if (account?.status !== 'active') throw NotSignedIn({ headers: challenge })
    return account
  }

  return {
    findForUpdate: (id: string) => one('id', id, true),
    findByEmail: (email: string) => one('email_key', addressKey(email)),
    findByHandle: (handle: string) => one('handle', handle),
    find: (id: string) => one('id', id),

    /** @throws {ProblemError} `user_not_found` */
    async get(id: string) {
      return required(await one('id', id))
    },
    /** Held until the transaction ends. @throws {ProblemError} `user_not_found` */
    async getForUpdate(id: string) {
      return required(await one('id', id, true))
    },
    /** The account of a principal. Its token may outlive it by a minute. @throws {ProblemError} `not_signed_in` */
    async getOwn(id: string) {
      return own(await one('id', id))
    },
    async getOwnForUpdate(id: string) {
      return own(await one('id', id, true))
    },
    /** Suspended accounts are not shown. @throws {ProblemError} `user_not_found` */
    async getShown(handle: string) {
      const account = await one('handle', handle)
      return required(account?.status === 'active' ? account : null)
    },

    /** @throws {ProblemError} `handle_taken` when it is reserved, in use, or rests after somebody else had it. */
    async requireFree(handle: string, accountId: string): Promise<void> {
      if (isReserved(handle) || (await isHeld(db, handle, accountId))) throw HandleTaken()
    },

    /** @throws {ProblemError} `handle_taken` */
    async add(account: Account): Promise<void> {
      await orHandleTaken(() => db.insertInto('accounts').values(rowOf(account)).execute())
    },

    /** @throws {ProblemError} `handle_taken` */
    async save(account: Account): Promise<void> {
      const { id, ...row } = rowOf(account)
      await orHandleTaken(() => db.updateTable('accounts').set(row).where('id', '=', id).execute())
    },

    /** Keeps a handle that was given up from others, so that nobody slips into another's place. */
    async retire(handle: string, accountId: string, at: Date): Promise<void> {
      const row = { handle, account_id: accountId, retired_at: at }
      await db
        .insertInto('retired_handles')
        .values(row)
        .onConflict(conflict => conflict.column('handle').doUpdateSet(row))
        .execute()
    },

    /**
     * Holds an account and everybody it follows or is followed by, in the order of their ids, as everywhere: two that
     * leave at once do not wait for each other.
     */
    async holdWithNeighbours(id: string): Promise<void> {
      const own = db.selectFrom('accounts').select('id').where('id', '=', id)
      const all = own.union(followedBy(db, id)).union(followersOf(db, id))
      await db.selectFrom('accounts').select('id').where('id', 'in', all).orderBy('id').forUpdate().execute()
    },

    /** Takes the row away, and with it sessions, resets and follows. The account is held with its neighbours. */
    async erase(account: Account, receiptId: string, at: Date): Promise<void> {
      await leaveGraph(db, account.id)
      if (account.email !== null) {
        const key = addressKey(account.email)
        await db.deleteFrom('sign_ups').where('email_key', '=', key).execute()
        await db.deleteFrom('password_resets').where('email_key', '=', key).execute()
      }
      await db.deleteFrom('accounts').where('id', '=', account.id).execute()
      await db.insertInto('erasures').values({ id: receiptId, account_id: account.id, requested_at: at }).execute()
    },
  }
}

async function isHeld(db: Kysely<Tables>, handle: string, accountId: string): Promise<boolean> {
  const held = await db
    .selectFrom('accounts')
    .select('id')
    .where('handle', '=', handle)
    .unionAll(db.selectFrom('retired_handles').select('account_id as id').where('handle', '=', handle))
    .execute()
  return held.some(({ id }) => id !== accountId)
}

async function orHandleTaken(write: () => Promise<unknown>): Promise<void> {
  try {
    await write()
  } catch (cause) {
    if (isConstraint(cause, 'accounts_handle_unique')) throw HandleTaken({ cause })
    throw cause
  }
}

const followedBy = (db: Kysely<Tables>, id: string) =>
  db.selectFrom('follows').select('followed_id as id').where('follower_id', '=', id)
const followersOf = (db: Kysely<Tables>, id: string) =>
  db.selectFrom('follows').select('follower_id as id').where('followed_id', '=', id)

/** Those who stay have one less to follow, or to be followed by. */
async function leaveGraph(db: Kysely<Tables>, id: string): Promise<void> {
  await db
    .updateTable('accounts')
    .set(row => ({ follower_count: row('follower_count', '-', 1) }))
    .where('id', 'in', followedBy(db, id))
    .execute()
  await db
    .updateTable('accounts')
    .set(row => ({ following_count: row('following_count', '-', 1) }))
    .where('id', 'in', followersOf(db, id))
    .execute()
}
