import { Type } from 'typebox'
import { defineBroadcast, defineEvent } from '../event.ts'
import { roles } from '../policy.ts'
import { EmailAddress, Handle, Id, nullable, Timestamp } from '../schemas.ts'

const account = {
  userId: Id,
  handle: Handle,
  name: Type.String(),
  bio: Type.String(),
  avatarFileId: nullable(Id),
  role: Type.Enum([...roles]),
}
/** Null: nobody to write to. The operator has no address. */
const AccountEmail = nullable(EmailAddress)
const keyOfAccount = ({ userId }: { userId: string }) => userId

export const AccountActivated = defineEvent(
  'user.account.activated.v1',
  Type.Object({ ...account, email: AccountEmail, locale: Type.String(), activatedAt: Timestamp }),
  { description: 'An address was verified: the account is live', key: keyOfAccount },
)
export const AccountChanged = defineEvent(
  'user.account.changed.v1',
  Type.Object({ ...account, email: AccountEmail, locale: Type.String(), changedAt: Timestamp }),
  { description: 'Handle, name, bio, avatar, role, address or locale changed; carries all of them', key: keyOfAccount },
)
export const AccountDeleted = defineEvent(
  'user.account.deleted.v1',
  Type.Object({ userId: Id, deletedAt: Timestamp }),
  { description: 'The account is gone: forget the person', key: keyOfAccount },
)

export const VerificationRequested = defineEvent(
  'user.verification.requested.v1',
  Type.Object({
    verificationId: Id,
    userId: Id,
    email: EmailAddress,
    name: Type.String(),
    locale: Type.String(),
    token: Type.String(),
    code: Type.String(),
    expiresAt: Timestamp,
  }),
  {
    description: 'Somebody signed up: mail the link and the code to the address',
    key: ({ verificationId }) => verificationId,
  },
)
export const SignUpRepeated = defineEvent(
  'user.verification.repeated.v1',
  Type.Object({
    verificationId: Id,
    userId: Id,
    email: EmailAddress,
    name: Type.String(),
    locale: Type.String(),
    requestedAt: Timestamp,
  }),
  {
    description: 'Somebody signed up with an address that has an account: tell its owner',
    key: ({ verificationId }) => verificationId,
  },
)

export const PasswordResetRequested = defineEvent(
  'user.password_reset.requested.v1',
  Type.Object({
    resetId: Id,
    userId: Id,
    email: EmailAddress,
    name: Type.String(),
    locale: Type.String(),
    token: Type.String(),
    expiresAt: Timestamp,
  }),
  { description: 'Somebody asked to set a new password: mail the link to the address', key: ({ resetId }) => resetId },
)
export const PasswordChanged = defineEvent(
  'user.password.changed.v1',
  Type.Object({ userId: Id, email: EmailAddress, name: Type.String(), locale: Type.String(), changedAt: Timestamp }),
  { description: 'An account has a new password: tell its owner', key: keyOfAccount },
)

const follow = { followerId: Id, followedId: Id, at: Timestamp }
const keyOfFollow = ({ followerId, followedId }: { followerId: string; followedId: string }) =>
  `${followerId}:${followedId}`

export const FollowAdded = defineEvent('user.follow.added.v1', Type.Object(follow), {
  description: 'One account began to follow another',
  key: keyOfFollow,
})
export const FollowRemoved = defineEvent('user.follow.removed.v1', Type.Object(follow), {
  description: 'One account stopped following another',
  key: keyOfFollow,
})

export const SessionsRevoked = defineBroadcast(
  'broadcast.user.sessions_revoked',
  Type.Object({ userId: Id, sessionIds: nullable(Type.Array(Id, { maxItems: 1_000 })) }),
  { description: 'These sessions ended, or with null all of the account: refuse them at every door' },
)
export const SessionsBeat = defineBroadcast('broadcast.user.sessions_beat', Type.Object({ at: Timestamp }), {
  description: 'Revocations are being broadcast: silence means that a cached session must be asked for again',
})
