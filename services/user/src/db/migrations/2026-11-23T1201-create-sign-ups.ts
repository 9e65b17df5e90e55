import { type Kysely, sql } from 'kysely'

/** What waits for somebody to read a mail, and what counts the tries of those who guess. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table sign_ups (
      id uuid primary key,
      account_id uuid not null,
      email text not null,
      email_key text not null,
      handle text not null,
      name text not null,
      locale text not null,
      password_hash text not null,
      token_hash bytea not null constraint sign_ups_token_unique unique,
      code_hash bytea not null,
      code_tries integer not null default 0,
      repeated boolean not null,
      created_at timestamptz not null,
      expires_at timestamptz not null
    )`.execute(db)
  await sql`create index sign_ups_of_address on sign_ups (email_key, created_at)`.execute(db)
  await sql`create index sign_ups_expiry on sign_ups (expires_at)`.execute(db)

  await sql`
    create table password_resets (
      id uuid primary key,
      email_key text not null,
      requested_at timestamptz not null,
      handled_at timestamptz,
      account_id uuid references accounts (id) on delete cascade,
      token_hash bytea constraint password_resets_token_unique unique,
      expires_at timestamptz,
      traceparent text,
      tracestate text
    )`.execute(db)
  await sql`create index password_resets_unhandled on password_resets (id) where handled_at is null`.execute(db)
  await sql`create index password_resets_of_address on password_resets (email_key, requested_at)`.execute(db)
  await sql`create index password_resets_of_account on password_resets (account_id)`.execute(db)
  await sql`create index password_resets_age on password_resets (requested_at)`.execute(db)

  await sql`
    create table attempts (
      key bytea primary key,
      count integer not null,
      last_at timestamptz not null,
      blocked_until timestamptz
    )`.execute(db)
  await sql`create index attempts_age on attempts (last_at)`.execute(db)
}
