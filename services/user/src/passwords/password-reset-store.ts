import type { Kysely } from 'kysely'
import { mailsPerWindow, mailWindowMs } from '../accounts/verification.ts'
import type { Tables } from '../db/tables.ts'
import type { ResetRequest } from './password-reset.ts'

export type PasswordResetStore = ReturnType<typeof passwordResetStore>

export function passwordResetStore(db: Kysely<Tables>) {
  return {
    async request(request: ResetRequest, at: Date): Promise<void> {
      const { id, emailKey, traceparent, tracestate } = request
      const open = { handled_at: null, account_id: null, token_hash: null, expires_at: null }
      await db
        .insertInto('password_resets')
        .values({ id, email_key: emailKey, requested_at: at, ...open, traceparent, tracestate })
        .execute()
    },

    /** The oldest request that nobody works on, held until the transaction ends. */
    async takeUnhandled(): Promise<ResetRequest | null> {
      const row = await db
        .selectFrom('password_resets')
        .select(['id', 'email_key as emailKey', 'traceparent', 'tracestate'])
        .where('handled_at', 'is', null)
        .orderBy('id')
        .limit(1)
        .forUpdate()
        .skipLocked()
        .executeTakeFirst()
      return row ?? null
    },

    async mayMail(emailKey: string, now: Date): Promise<boolean> {
      const { count } = await db
        .selectFrom('password_resets')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('email_key', '=', emailKey)
        .where('requested_at', '>', new Date(now.getTime() - mailWindowMs))
        .where('token_hash', 'is not', null)
        .executeTakeFirstOrThrow()
      return count < mailsPerWindow
    },

    async handled(
      id: string,
      at: Date,
      mailed?: { accountId: string; tokenHash: Buffer; expiresAt: Date },
    ): Promise<void> {
      const found = mailed && {
        account_id: mailed.accountId,
        token_hash: mailed.tokenHash,
        expires_at: mailed.expiresAt,
      }
      await db
        .updateTable('password_resets')
        .set({ handled_at: at, ...found })
        .where('id', '=', id)
        .execute()
    },

    /** Takes the reset that the token names; a second use finds nothing. Answers whose it is. */
    async use(tokenHash: Buffer, now: Date): Promise<string | null> {
      const row = await db
        .deleteFrom('password_resets')
        .where('token_hash', '=', tokenHash)
        .where('expires_at', '>', now)
        .returning('account_id')
        .executeTakeFirst()
      return row?.account_id ?? null
    },

    /** The others that wait for the same person are of no more use. */
    async removeOf(accountId: string): Promise<void> {
      await db.deleteFrom('password_resets').where('account_id', '=', accountId).execute()
    },
  }
}
