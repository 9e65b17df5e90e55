import type { Role } from '@portico/contracts'
import { decodeCursor, encodeCursor, keyset, type Page, page } from '@portico/database'
import type { Kysely, Selectable } from 'kysely'
import type { PageRequest } from '../context.ts'
import type { AccountStatus, SessionMode, SessionRow, SessionTokenRow, Tables } from '../db/tables.ts'
import type { Device, Session, SessionToken } from './session.ts'

/** A token with everything that decides whether it opens the door. */
export interface Presented {
  token: SessionToken
  session: Session
  account: { id: string; handle: string; role: Role; status: AccountStatus }
}

export type SessionStore = ReturnType<typeof sessionStore>

export function sessionStore(db: Kysely<Tables>) {
  return {
    async add(session: Session, tokens: readonly SessionToken[]): Promise<void> {
      await db.insertInto('sessions').values(sessionRowOf(session)).execute()
      await this.addTokens(tokens)
    },

    async addTokens(tokens: readonly SessionToken[]): Promise<void> {
      await db.insertInto('session_tokens').values(tokens.map(tokenRowOf)).execute()
    },

    async present(hash: Buffer): Promise<Presented | null> {
      const row = await presented(db).where('session_tokens.hash', '=', hash).executeTakeFirst()
      return row ? presentedOf(row) : null
    },

    /**
     * The same with the session's row held, so that two who present its tokens at once come one after the other. The row
     * is held before it is read: a join read under the lock would show the token as it was before the wait.
     */
    async presentForUpdate(hash: Buffer): Promise<Presented | null> {
      const ofToken = db.selectFrom('session_tokens').select('session_id').where('hash', '=', hash)
      await db.selectFrom('sessions').select('id').where('id', '=', ofToken).forUpdate().execute()
      return this.present(hash)
    },

    async markUsed(hash: Buffer, at: Date): Promise<void> {
      await db
        .updateTable('session_tokens')
        .set({ used_at: at })
        .where('hash', '=', hash)
        .where('used_at', 'is', null)
        .execute()
    },

    async see(sessionId: string, device: Device, at: Date): Promise<void> {
      await db
        .updateTable('sessions')
        .set({ last_seen_at: at, last_seen_address: device.address, user_agent: device.userAgent })
        .where('id', '=', sessionId)
        .execute()
    },

    /** The live sessions of an account, newest first. */
    async list(accountId: string, { limit, cursor }: PageRequest, now: Date): Promise<Page<Session>> {
      const list = `sessions:${accountId}`
      const after = cursor === undefined ? null : decodeCursor(cursor, { list, shape: ['uuid'] })
      const live = db
        .selectFrom('sessions')
        .selectAll()
        .where('account_id', '=', accountId)
        .where(({ eb, or }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
      const rows = await keyset(live, [{ column: 'id', direction: 'desc' }], after)
        .limit(limit + 1)
        .execute()
      return page(rows.map(sessionOf), limit, ({ id }) => encodeCursor([id], { list }))
    },

    /** Takes the row away, and its tokens with it. False: there was no such session of this account. */
    async remove(id: string, accountId: string): Promise<boolean> {
      const { numDeletedRows } = await db
        .deleteFrom('sessions')
        .where('id', '=', id)
        .where('account_id', '=', accountId)
        .executeTakeFirst()
      return numDeletedRows > 0n
    },

    /** Takes all sessions of the account away but one, and answers their ids. */
    async removeOthers(accountId: string, keptId: string | null): Promise<string[]> {
      const query = db.deleteFrom('sessions').where('account_id', '=', accountId).returning('id')
      const rows = await (keptId === null ? query : query.where('id', '!=', keptId)).execute()
      return rows.map(({ id }) => id)
    },

    /** Takes the account's sessions of one mode away, and answers their ids. */
    async removeOfMode(accountId: string, mode: SessionMode): Promise<string[]> {
      const rows = await db
        .deleteFrom('sessions')
        .where('account_id', '=', accountId)
        .where('mode', '=', mode)
        .returning('id')
        .execute()
      return rows.map(({ id }) => id)
    },
  }
}

function presented(db: Kysely<Tables>) {
  return db
    .selectFrom('session_tokens')
    .innerJoin('sessions', 'sessions.id', 'session_tokens.session_id')
    .innerJoin('accounts', 'accounts.id', 'sessions.account_id')
    .selectAll('sessions')
    .select([
      'session_tokens.hash',
      'session_tokens.kind',
      'session_tokens.created_at as token_created_at',
      'session_tokens.expires_at as token_expires_at',
      'session_tokens.used_at',
      'accounts.handle',
      'accounts.role',
      'accounts.status',
    ])
}
type PresentedRow = Awaited<ReturnType<ReturnType<typeof presented>['executeTakeFirstOrThrow']>>

function presentedOf(row: PresentedRow): Presented {
  const { hash, kind, token_created_at: createdAt, token_expires_at: expiresAt, used_at: usedAt } = row
  const { account_id: id, handle, role, status } = row
  return {
    token: { hash, sessionId: row.id, kind, createdAt, expiresAt, usedAt },
    session: sessionOf(row),
    account: { id, handle, role, status },
  }
}

function sessionOf(row: Selectable<SessionRow>): Session {
  return {
    id: row.id,
    accountId: row.account_id,
    mode: row.mode,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    lastSeenAddress: row.last_seen_address,
    userAgent: row.user_agent,
    expiresAt: row.expires_at,
  }
}

function sessionRowOf(session: Session): Selectable<SessionRow> {
  return {
    id: session.id,
    account_id: session.accountId,
    mode: session.mode,
    created_at: session.createdAt,
    last_seen_at: session.lastSeenAt,
    last_seen_address: session.lastSeenAddress,
    user_agent: session.userAgent,
    expires_at: session.expiresAt,
  }
}

function tokenRowOf(token: SessionToken): Selectable<SessionTokenRow> {
  return {
    hash: token.hash,
    session_id: token.sessionId,
    kind: token.kind,
    created_at: token.createdAt,
    expires_at: token.expiresAt,
    used_at: token.usedAt,
  }
}
