import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.ts'

export type TicketStore = ReturnType<typeof ticketStore>

export function ticketStore(db: Kysely<Tables>) {
  return {
    /**
     * Makes a ticket valid, and those before it not. One that was known stays as it is: a replica that starts again with
     * the ticket of this run must not make it good a second time. That is why no job ever deletes a ticket.
     */
    async add(hash: Buffer, accountId: string, at: Date): Promise<void> {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('tickets')
        .values({ hash, account_id: accountId, created_at: at, used_at: null, replaced_at: null })
        .onConflict(conflict => conflict.column('hash').doNothing())
        .executeTakeFirst()
      if (!numInsertedOrUpdatedRows) return
      await db
        .updateTable('tickets')
        .set({ replaced_at: at })
        .where('account_id', '=', accountId)
        .where('hash', '!=', hash)
        .where('replaced_at', 'is', null)
        .execute()
    },

    /** Takes the ticket; answers whose it is, or null when it is no good (any more). */
    async use(hash: Buffer, at: Date): Promise<string | null> {
      const row = await db
        .updateTable('tickets')
        .set({ used_at: at })
        .where('hash', '=', hash)
        .where('used_at', 'is', null)
        .where('replaced_at', 'is', null)
        .returning('account_id')
        .executeTakeFirst()
      return row?.account_id ?? null
    },
  }
}
