import { type Static, Type } from 'typebox'
import { roles } from '../policy.ts'
import { EmailAddress, Handle, Id, nullable, Timestamp } from '../schemas.ts'

/** Lengths in code points; NIST SP 800-63B-4 asks for at least 15 where the password is the only factor. */
export const passwordLength = { least: 15, most: 1_024 } as const

export const NewPassword = Type.String({
  minLength: passwordLength.least,
  maxLength: passwordLength.most,
  description: 'At least 15 characters, any of them; not a common one. Compared after Unicode normalisation (NFC)',
})
/** A password that is only compared: no rule about it may tell anything. */
export const GivenPassword = Type.String({ minLength: 1, maxLength: passwordLength.most })
/** PostgreSQL's text takes every character but this one. */
export const noNul = '^[^\\x00]*$'
/** It stands in the header of mails: no control character. */
export const DisplayName = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: '^[^\\x00-\\x1f\\x7f]*[^\\s\\x00-\\x1f\\x7f][^\\x00-\\x1f\\x7f]*$',
  description: 'One line, not blank',
})
export const Bio = Type.String({ maxLength: 1_000, pattern: noNul })
export const Locale = Type.String({
  pattern: '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$',
  maxLength: 35,
  description: 'BCP 47: `en`, `de-AT`',
})
/** Opaque: 256 random bits behind a prefix that names what it is. */
export const OpaqueToken = Type.String({ minLength: 8, maxLength: 256 })
export const Role = Type.Enum([...roles])
/** What the API can give; `operator` it cannot. */
export const AssignableRole = Type.Enum(['reader', 'author', 'moderator', 'admin'])
export const SessionMode = Type.Enum(['cookie', 'token'], {
  description:
    '`cookie` sets a session cookie (browsers); `token` answers an access and a refresh token. Absent: `token`',
})

const profile = {
  id: Id,
  handle: Handle,
  name: Type.String(),
  bio: Type.String(),
  avatarFileId: nullable(Id),
  role: Role,
  createdAt: Timestamp,
}

/** What everyone may see of an account. */
export const Profile = Type.Object({
  ...profile,
  followerCount: Type.Integer({ minimum: 0 }),
  followingCount: Type.Integer({ minimum: 0 }),
  /** Whether the reader follows it; null when nobody is signed in. */
  followed: nullable(Type.Boolean()),
})
export type Profile = Static<typeof Profile>

/** An account in a list of followers. */
export const Follow = Type.Object({
  id: Id,
  handle: Handle,
  name: Type.String(),
  avatarFileId: nullable(Id),
  followedAt: Timestamp,
})
export type Follow = Static<typeof Follow>

/** What an account sees of itself. */
export const Me = Type.Object({
  ...profile,
  email: nullable(EmailAddress),
  locale: Type.String(),
  changedAt: Timestamp,
})
export type Me = Static<typeof Me>

/** A session just begun. The three token fields are there in mode `token` only. */
export const SessionStarted = Type.Object({
  sessionId: Id,
  mode: SessionMode,
  user: Me,
  /** When the session ends at the latest. */
  expiresAt: Timestamp,
  accessToken: Type.Optional(Type.String()),
  refreshToken: Type.Optional(Type.String()),
  expiresIn: Type.Optional(Type.Integer({ description: 'Seconds for which the access token works' })),
})
export type SessionStarted = Static<typeof SessionStarted>

/** One signed-in device. */
export const Session = Type.Object({
  id: Id,
  mode: Type.Enum(['cookie', 'token', 'operator']),
  createdAt: Timestamp,
  /** True to about a minute. */
  lastSeenAt: Timestamp,
  lastSeenAddress: nullable(Type.String()),
  userAgent: nullable(Type.String()),
  expiresAt: nullable(Timestamp),
  current: Type.Boolean(),
})
export type Session = Static<typeof Session>

/** Who a request speaks for, as it stands in the internal token. */
export const PrincipalData = Type.Object({
  userId: Id,
  role: Role,
  sessionId: Id,
  handle: Handle,
  scopes: nullable(Type.Array(Type.String())),
})

export const SessionExchanged = Type.Object({
  principal: PrincipalData,
  /** Signed, audience `portico-internal`: what the services verify. */
  internalToken: Type.String(),
  /** Until when the answer may be kept. */
  expiresAt: Timestamp,
  /** Until when the presented token works; null: until it is revoked. */
  sessionExpiresAt: nullable(Timestamp),
})
export type SessionExchanged = Static<typeof SessionExchanged>

/** Proof that an erasure was begun. */
export const ErasureReceipt = Type.Object({ receiptId: Id, userId: Id, requestedAt: Timestamp })

export const AdminUser = Type.Object({
  ...profile,
  email: nullable(EmailAddress),
  status: Type.Enum(['active', 'suspended']),
  changedAt: Timestamp,
})
export type AdminUser = Static<typeof AdminUser>

/** One row of the audit trail. `hash` covers the row and the hash of the row before. */
export const AuditEntry = Type.Object({
  sequence: Type.Integer({ minimum: 1 }),
  at: Timestamp,
  actorId: nullable(Id),
  action: Type.String(),
  subjectId: nullable(Id),
  details: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()])),
  previousHash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
})
export type AuditEntry = Static<typeof AuditEntry>

/** Bodies take what they name and nothing else. */
export const closed = { additionalProperties: false } as const
