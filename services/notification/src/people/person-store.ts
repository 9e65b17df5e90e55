import type { Kysely } from 'kysely'
import type { PersonRow, Tables } from '../db/tables.ts'

export interface Account {
  userId: string
  handle: string
  name: string
  email: string | null
  locale: string
}

export type PersonStore = ReturnType<typeof personStore>

export function personStore(db: Kysely<Tables>) {
  return {
    get: (userId: string): Promise<PersonRow | undefined> =>
      db.selectFrom('people').selectAll().where('user_id', '=', userId).executeTakeFirst(),

    /** Null while the event that tells of the account has not come, and once the account is gone. */
    async addressOf(userId: string): Promise<string | null> {
      const person = await db.selectFrom('people').select('email').where('user_id', '=', userId).executeTakeFirst()
      return person?.email ?? null
    },

    async project({ userId, handle, name, email, locale }: Account, at: Date): Promise<void> {
      const known = { handle, name, email, locale, updated_at: at }
      await db
        .insertInto('people')
        .values({ user_id: userId, ...known })
        .onConflict(conflict => conflict.column('user_id').doUpdateSet(known))
        .execute()
    },

    async forget(userId: string, at: Date): Promise<void> {
      const nobody = { handle: null, name: '', email: null, locale: 'en', updated_at: at }
      await db
        .insertInto('people')
        .values({ user_id: userId, ...nobody })
        .onConflict(conflict => conflict.column('user_id').doUpdateSet(nobody))
        .execute()
    },
  }
}
