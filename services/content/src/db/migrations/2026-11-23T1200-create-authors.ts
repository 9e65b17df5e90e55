import { type Kysely, sql } from 'kysely'

/** What content knows of accounts: a projection of `user.account` events, and the only copy it reads. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table authors (
      user_id uuid primary key,
      handle text,
      name text not null,
      avatar_file_id uuid,
      version integer not null default 1,
      updated_at timestamptz not null,
      deleted_at timestamptz
    )`.execute(db)
  // Not unique: a handle that wanders from one account to another is for a moment at both, as events of two accounts
  // have no order between them.
  await sql`create index authors_handle on authors (handle)`.execute(db)
}
