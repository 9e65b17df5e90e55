import type { Role } from '@portico/contracts'
import type { Generated } from 'kysely'

/** Kysely's picture of the tables; the migrations are the truth. */
export interface Tables {
  accounts: AccountRow
  retired_handles: { handle: string; account_id: string; retired_at: Date }
  erasures: { id: string; account_id: string; requested_at: Date }
  sign_ups: SignUpRow
  password_resets: PasswordResetRow
  attempts: AttemptRow
  sessions: SessionRow
  session_tokens: SessionTokenRow
  tickets: TicketRow
  revocations: { id: string; user_id: string; session_ids: string[] | null; created_at: Date }
  follows: FollowRow
  audit: AuditRow
}

export type AccountStatus = 'active' | 'suspended'
export type SessionMode = 'cookie' | 'token' | 'operator'
export type SessionTokenKind = 'cookie' | 'access' | 'refresh' | 'operator'

export interface AccountRow {
  id: string
  /** As it was given; null: nobody to write to. */
  email: string | null
  /** As it is compared. */
  email_key: string | null
  handle: string
  name: string
  bio: string
  avatar_file_id: string | null
  role: Role
  locale: string
  /** PHC string; null: no password signs in. */
  password_hash: string | null
  status: AccountStatus
  follower_count: Generated<number>
  following_count: Generated<number>
  version: number
  created_at: Date
  changed_at: Date
}

export interface SignUpRow {
  id: string
  /** The id the account will have; of a repeated one, the id it has. */
  account_id: string
  email: string
  email_key: string
  handle: string
  name: string
  locale: string
  password_hash: string
  token_hash: Buffer
  code_hash: Buffer
  code_tries: Generated<number>
  /** The address had an account already: nothing verifies it. */
  repeated: boolean
  created_at: Date
  expires_at: Date
}

export interface PasswordResetRow {
  id: string
  email_key: string
  requested_at: Date
  /** When it was looked at; what came of it is in the columns below. */
  handled_at: Date | null
  account_id: string | null
  token_hash: Buffer | null
  expires_at: Date | null
  traceparent: string | null
  tracestate: string | null
}

export interface AttemptRow {
  key: Buffer
  count: number
  last_at: Date
  blocked_until: Date | null
}

export interface SessionRow {
  id: string
  account_id: string
  mode: SessionMode
  created_at: Date
  last_seen_at: Date
  last_seen_address: string | null
  user_agent: string | null
  /** Null: until it is ended. */
  expires_at: Date | null
}

export interface SessionTokenRow {
  hash: Buffer
  session_id: string
  kind: SessionTokenKind
  created_at: Date
  expires_at: Date | null
  /** When a refresh token was first exchanged. */
  used_at: Date | null
}

export interface TicketRow {
  hash: Buffer
  account_id: string
  created_at: Date
  used_at: Date | null
  /** A newer one has taken its place. */
  replaced_at: Date | null
}

export interface FollowRow {
  id: string
  follower_id: string
  followed_id: string
  created_at: Date
}

export interface AuditRow {
  sequence: number
  at: Date
  actor_id: string | null
  action: string
  subject_id: string | null
  /** Canonical JSON, as it was hashed. */
  details: string
  previous_hash: Buffer
  hash: Buffer
}
