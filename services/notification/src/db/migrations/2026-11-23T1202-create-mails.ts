import { type Kysely, sql } from 'kysely'

/** The queue of mails: a row is written in the transaction that handles the event, and sent afterwards. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table mails (
      id uuid primary key,
      user_id uuid not null,
      address text,
      locale text not null,
      template text not null,
      data jsonb not null,
      status text not null default 'queued' check (status in ('queued', 'sending', 'sent', 'failed')),
      attempts integer not null default 0,
      due_at timestamptz not null,
      traceparent text,
      created_at timestamptz not null,
      sent_at timestamptz,
      last_error text
    )`.execute(db)
  await sql`create index mails_due on mails (due_at) where status in ('queued', 'sending')`.execute(db)
  await sql`create index mails_done on mails (created_at) where status in ('sent', 'failed')`.execute(db)
  await sql`create index mails_of_user on mails (user_id)`.execute(db)
}
