import type { Preferences } from '@portico/contracts/notification'
import { type Kysely, sql } from 'kysely'
import type { Tables } from '../db/tables.ts'
import { withDefaults } from './preferences.ts'

export type PreferenceStore = ReturnType<typeof preferenceStore>

export function preferenceStore(db: Kysely<Tables>) {
  return {
    async get(userId: string): Promise<Preferences> {
      const row = await db.selectFrom('preferences').select('choices').where('user_id', '=', userId).executeTakeFirst()
      return withDefaults(row?.choices)
    },

    /** Adds to what was chosen before. */
    async change(userId: string, choices: Partial<Preferences>): Promise<Preferences> {
      const json = JSON.stringify(choices)
      const row = await db
        .insertInto('preferences')
        .values({ user_id: userId, choices: sql`${json}::jsonb` })
        .onConflict(conflict =>
          conflict.column('user_id').doUpdateSet({ choices: sql`preferences.choices || ${json}::jsonb` }),
        )
        .returning('choices')
        .executeTakeFirstOrThrow()
      return withDefaults(row.choices)
    },

    async remove(userId: string): Promise<void> {
      await db.deleteFrom('preferences').where('user_id', '=', userId).execute()
    },
  }
}
