import { type Kysely, sql } from 'kysely'

/** A deleted account leaves no row: what proves the erasure is its receipt, and its handle rests for a while. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table accounts (
      id uuid primary key,
      email text,
      email_key text constraint accounts_email_unique unique,
      handle text collate "C" not null constraint accounts_handle_unique unique,
      name text not null,
      bio text not null,
      avatar_file_id uuid,
      role text not null check (role in ('reader', 'author', 'moderator', 'admin', 'operator')),
      locale text not null,
      password_hash text,
      status text not null check (status in ('active', 'suspended')),
      follower_count integer not null default 0,
      following_count integer not null default 0,
      version integer not null,
      created_at timestamptz not null,
      changed_at timestamptz not null,
      constraint accounts_email_has_key check ((email is null) = (email_key is null))
    ) with (fillfactor = 90)`.execute(db)
  // The finder of the administration matches beginnings.
  await sql`create index accounts_name_prefix on accounts (lower(name) text_pattern_ops)`.execute(db)
  await sql`create index accounts_email_prefix on accounts (email_key text_pattern_ops)`.execute(db)

  await sql`
    create table retired_handles (
      handle text collate "C" primary key,
      account_id uuid not null,
      retired_at timestamptz not null
    )`.execute(db)
  await sql`
    create table erasures (
      id uuid primary key,
      account_id uuid not null,
      requested_at timestamptz not null
    )`.execute(db)
}
