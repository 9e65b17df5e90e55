import type { Kysely, Selectable } from 'kysely'
import type { SignUpRow, Tables } from '../db/tables.ts'
import { addressKey } from './address.ts'
import { codeTries, mailsPerWindow, mailWindowMs, type SignUp } from './verification.ts'

export type SignUpStore = ReturnType<typeof signUpStore>

export function signUpStore(db: Kysely<Tables>) {
  return {
    /** Whether the address may get one more mail now. The same question for every address. */
    async mayMail(email: string, now: Date): Promise<boolean> {
      const { count } = await db
        .selectFrom('sign_ups')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('email_key', '=', addressKey(email))
        .where('created_at', '>', new Date(now.getTime() - mailWindowMs))
        .executeTakeFirstOrThrow()
      return count < mailsPerWindow
    },

    async add(signUp: SignUp): Promise<void> {
      await db.insertInto('sign_ups').values(rowOf(signUp)).execute()
    },

    /** The live sign-up that a link names. */
    async findByToken(tokenHash: Buffer, now: Date): Promise<SignUp | null> {
      const row = await db
        .selectFrom('sign_ups')
        .selectAll()
        .where('token_hash', '=', tokenHash)
        .where('repeated', '=', false)
        .where('expires_at', '>', now)
        .forUpdate()
        .executeTakeFirst()
      return row ? signUpOf(row) : null
    },

    /**
     * Spends one try of each live code of the address, in one statement, before any is looked at: tries that come at once
     * are counted one by one. Answers the sign-ups whose codes may be compared; a repeated one spends a try like any other.
     */
    async spendTry(email: string, now: Date): Promise<SignUp[]> {
      const rows = await db
        .updateTable('sign_ups')
        .set(row => ({ code_tries: row('code_tries', '+', 1) }))
        .where('email_key', '=', addressKey(email))
        .where('code_tries', '<', codeTries)
        .where('expires_at', '>', now)
        .returningAll()
        .execute()
      return rows.filter(row => !row.repeated).map(signUpOf)
    },

    /** The address has its account: nothing else that waits for it is of use. */
    async removeOfAddress(email: string): Promise<void> {
      await db.deleteFrom('sign_ups').where('email_key', '=', addressKey(email)).execute()
    },
  }
}

function rowOf(signUp: SignUp) {
  return {
    id: signUp.id,
    account_id: signUp.accountId,
    email: signUp.email,
    email_key: addressKey(signUp.email),
    handle: signUp.handle,
    name: signUp.name,
    locale: signUp.locale,
    password_hash: signUp.passwordHash,
    token_hash: signUp.tokenHash,
    code_hash: signUp.codeHash,
    repeated: signUp.repeated,
    created_at: signUp.createdAt,
    expires_at: signUp.expiresAt,
  }
}

function signUpOf(row: Selectable<SignUpRow>): SignUp {
  return {
    id: row.id,
    accountId: row.account_id,
    email: row.email,
    handle: row.handle,
    name: row.name,
    locale: row.locale,
    passwordHash: row.password_hash,
    tokenHash: row.token_hash,
    codeHash: row.code_hash,
    repeated: row.repeated,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }
}
