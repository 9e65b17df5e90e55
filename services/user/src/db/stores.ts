import { type Outbox, outbox } from '@portico/messaging'
import type { Telemetry } from '@portico/telemetry'
import { type Kysely, sql, type Transaction } from 'kysely'
import { type AccountStore, accountStore } from '../accounts/account-store.ts'
import { type SignUpStore, signUpStore } from '../accounts/sign-up-store.ts'
import { type AccountFinder, accountFinder } from '../administration/account-finder.ts'
import { type AuditStore, auditStore } from '../administration/audit-store.ts'
import { type TicketStore, ticketStore } from '../operator/ticket-store.ts'
import { type PasswordResetStore, passwordResetStore } from '../passwords/password-reset-store.ts'
import { type FollowStore, followStore } from '../profiles/follow-store.ts'
import { type AttemptStore, attemptStore } from '../sessions/attempt-store.ts'
import { type Revocation, revocationStore } from '../sessions/revocation-store.ts'
import { type SessionStore, sessionStore } from '../sessions/session-store.ts'
import type { Tables } from './tables.ts'

/** What readers ask. */
export interface Reads {
  readonly accounts: AccountStore
  readonly sessions: SessionStore
  readonly follows: FollowStore
  readonly finder: AccountFinder
  readonly audit: AuditStore
}

/** What one transaction works with. */
export interface Stores extends Reads {
  readonly signUps: SignUpStore
  readonly resets: PasswordResetStore
  readonly attempts: AttemptStore
  readonly tickets: TicketStore
  readonly outbox: Outbox
  /** Tells every door, once the transaction is committed, that sessions ended; null: all of the account. */
  readonly revoke: (userId: string, sessionIds: string[] | null, at: Date) => Promise<void>
  /** Drops the answers that gateways keep under these tags, once the transaction is committed. */
  readonly purge: (...tags: string[]) => void
  readonly afterCommit: (hook: () => void) => void
  /** Lets one replica at a time see to the operator. */
  readonly lockOperator: () => Promise<void>
}

export function bindReads(db: Kysely<Tables>): Reads {
  return {
    accounts: accountStore(db),
    sessions: sessionStore(db),
    follows: followStore(db),
    finder: accountFinder(db),
    audit: auditStore(db),
  }
}

interface Bound {
  telemetry: Telemetry
  afterCommit: (hook: () => void) => void
  purge: (tags: string[]) => void
  tell: (revocation: Revocation) => void
}

/** Any number; no other lock of this database has it. */
const operatorLock = 7_116_002

export function bindStores(trx: Transaction<Tables>, { telemetry, afterCommit, purge, tell }: Bound): Stores {
  const revocations = revocationStore(trx)
  return {
    ...bindReads(trx),
    signUps: signUpStore(trx),
    resets: passwordResetStore(trx),
    attempts: attemptStore(trx),
    tickets: ticketStore(trx),
    outbox: outbox(trx, telemetry),
    async revoke(userId, sessionIds, at) {
      for (const revocation of await revocations.add(userId, sessionIds, at)) afterCommit(() => tell(revocation))
    },
    purge: (...tags) => afterCommit(() => purge(tags)),
    afterCommit,
    async lockOperator() {
      await sql`select pg_advisory_xact_lock(${operatorLock})`.execute(trx)
    },
  }
}
