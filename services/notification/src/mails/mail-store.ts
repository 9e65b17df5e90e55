import { uuidv7 } from '@portico/database'
import { injectTrace } from '@portico/telemetry'
import { sql, type Transaction } from 'kysely'
import type { MailRow, Tables } from '../db/tables.ts'
import type { MailData, TemplateName } from './template.ts'

export interface NewMail<Name extends TemplateName> {
  template: Name
  data: MailData[Name]
  userId: string
  /** Null: the person's own, as known when it is sent. */
  address: string | null
  locale: string
}

export type MailStore = ReturnType<typeof mailStore>

export function mailStore(trx: Transaction<Tables>) {
  return {
    /** Puts a mail in the queue, with the trace it belongs to. */
    async queue<Name extends TemplateName>({ template, data, userId, address, locale }: NewMail<Name>, now: Date) {
      const row: MailRow = {
        id: uuidv7(),
        user_id: userId,
        address,
        locale,
        template,
        data: { ...data },
        status: 'queued',
        attempts: 0,
        due_at: now,
        traceparent: injectTrace().traceparent ?? null,
        created_at: now,
        sent_at: null,
        last_error: null,
      }
      await trx
        .insertInto('mails')
        .values({ ...row, data: JSON.stringify(row.data) as unknown as MailRow['data'] })
        .execute()
    },

    /**
     * Takes mails that are due, for one sender alone. One that is `sending` and due again was left by a process that
     * died: nobody knows whether it went out, so it goes again under its own Message-ID.
     */
    async claim(limit: number, now: Date, leaseMs: number): Promise<MailRow[]> {
      const due = trx
        .selectFrom('mails')
        .select('id')
        .where('status', 'in', ['queued', 'sending'])
        .where('due_at', '<=', now)
        .orderBy('due_at')
        .limit(limit)
        .forUpdate()
        .skipLocked()
      return trx
        .updateTable('mails')
        .set(({ eb }) => ({
          status: 'sending',
          attempts: eb('attempts', '+', 1),
          due_at: new Date(now.getTime() + leaseMs),
        }))
        .where('id', 'in', due)
        .returningAll()
        .execute()
    },

    async sent(id: string, now: Date): Promise<void> {
      await trx
        .updateTable('mails')
        .set({ status: 'sent', sent_at: now, data: sql`'{}'::jsonb`, last_error: null })
        .where('id', '=', id)
        .execute()
    },

    async again(id: string, dueAt: Date, error: string): Promise<void> {
      await trx
        .updateTable('mails')
        .set({ status: 'queued', due_at: dueAt, last_error: error })
        .where('id', '=', id)
        .execute()
    },

    async failed(id: string, error: string): Promise<void> {
      await trx
        .updateTable('mails')
        .set({ status: 'failed', data: sql`'{}'::jsonb`, last_error: error })
        .where('id', '=', id)
        .execute()
    },

    /** What is done and older: gone. */
    async forgetBefore(before: Date, limit: number): Promise<number> {
      const { numDeletedRows } = await trx
        .deleteFrom('mails')
        .where('id', 'in', eb =>
          eb
            .selectFrom('mails')
            .select('id')
            .where('status', 'in', ['sent', 'failed'])
            .where('created_at', '<', before)
            .limit(limit),
        )
        .executeTakeFirst()
      return Number(numDeletedRows)
    },

    async removeOfUser(userId: string): Promise<void> {
      await trx.deleteFrom('mails').where('user_id', '=', userId).execute()
    },
  }
}
