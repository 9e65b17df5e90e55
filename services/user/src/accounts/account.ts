import type { Payload, Role } from '@portico/contracts'
import type { AccountActivated, AccountChanged, AdminUser, Me, Profile } from '@portico/contracts/user'
import type { AccountStatus } from '../db/tables.ts'
import { addressKey } from './address.ts'

/** A live person, or the operator. */
export interface Account {
  id: string
  /** Null: nobody to write to. */
  email: string | null
  handle: string
  name: string
  bio: string
  avatarFileId: string | null
  role: Role
  locale: string
  /** PHC string; null: no password signs in. */
  passwordHash: string | null
  status: AccountStatus
  followerCount: number
  followingCount: number
  version: number
  createdAt: Date
  changedAt: Date
}

/** What somebody who just verified an address may do: write. `reader` is what moderation takes it down to. */
export const firstRole: Role = 'author'
export const defaultLocale = 'en'

export interface NewAccount {
  id: string
  email: string | null
  handle: string
  name: string
  bio?: string
  role?: Role
  locale?: string
  passwordHash: string | null
}

export function newAccount(
  { bio = '', role = firstRole, locale = defaultLocale, ...given }: NewAccount,
  now: Date,
): Account {
  return {
    ...given,
    bio,
    role,
    locale,
    avatarFileId: null,
    status: 'active',
    followerCount: 0,
    followingCount: 0,
    version: 1,
    createdAt: now,
    changedAt: now,
  }
}

export type AccountChanges = Partial<
  Pick<Account, 'name' | 'bio' | 'avatarFileId' | 'locale' | 'handle' | 'role' | 'status' | 'passwordHash'>
>

/** The account after the change: the very same object when nothing differs, so that nothing is written or told. */
export function changeAccount(account: Account, changes: AccountChanges, now: Date): Account {
  const changed = { ...account, ...changes }
  const differs = (Object.keys(changes) as (keyof AccountChanges)[]).some(name => changed[name] !== account[name])
  return differs ? { ...changed, version: account.version + 1, changedAt: now } : account
}

const emailKeyOf = (email: string | null) => (email === null ? null : addressKey(email))

/** The account as a row. The two counts are the follow graph's to change. */
export function rowOf(account: Account) {
  return {
    id: account.id,
    email: account.email,
    email_key: emailKeyOf(account.email),
    handle: account.handle,
    name: account.name,
    bio: account.bio,
    avatar_file_id: account.avatarFileId,
    role: account.role,
    locale: account.locale,
    password_hash: account.passwordHash,
    status: account.status,
    version: account.version,
    created_at: account.createdAt,
    changed_at: account.changedAt,
  }
}

function shown(account: Account) {
  const { id, handle, name, bio, avatarFileId, role } = account
  return { id, handle, name, bio, avatarFileId, role, createdAt: account.createdAt.toISOString() }
}

export const toMe = (account: Account): Me => ({
  ...shown(account),
  email: account.email,
  locale: account.locale,
  changedAt: account.changedAt.toISOString(),
})

export const toProfile = (account: Account, followed: boolean | null): Profile => ({
  ...shown(account),
  followerCount: account.followerCount,
  followingCount: account.followingCount,
  followed,
})

export const toAdminUser = (account: Account): AdminUser => ({
  ...shown(account),
  email: account.email,
  status: account.status,
  changedAt: account.changedAt.toISOString(),
})

function told(account: Account) {
  const { id: userId, handle, name, bio, avatarFileId, role, email, locale } = account
  return { userId, handle, name, bio, avatarFileId, role, email, locale }
}

export const toActivated = (account: Account): Payload<typeof AccountActivated> => ({
  ...told(account),
  activatedAt: account.createdAt.toISOString(),
})

export const toChanged = (account: Account): Payload<typeof AccountChanged> => ({
  ...told(account),
  changedAt: account.changedAt.toISOString(),
})

/** Answers that show an account are kept under this tag, and purged by it. */
export const accountTag = (id: string): string => `user:${id}`
