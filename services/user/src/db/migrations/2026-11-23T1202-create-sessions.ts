import { type Kysely, sql } from 'kysely'

/** A session that ended leaves no row; `revocations` tells the doors for as long as one of them may not have heard. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table sessions (
      id uuid primary key,
      account_id uuid not null references accounts (id) on delete cascade,
      mode text not null check (mode in ('cookie', 'token', 'operator')),
      created_at timestamptz not null,
      last_seen_at timestamptz not null,
      last_seen_address text,
      user_agent text,
      expires_at timestamptz
    )`.execute(db)
  await sql`create index sessions_of_account on sessions (account_id, id)`.execute(db)
  await sql`create index sessions_expiry on sessions (expires_at)`.execute(db)

  await sql`
    create table session_tokens (
      hash bytea primary key,
      session_id uuid not null references sessions (id) on delete cascade,
      kind text not null check (kind in ('cookie', 'access', 'refresh', 'operator')),
      created_at timestamptz not null,
      expires_at timestamptz,
      used_at timestamptz
    )`.execute(db)
  await sql`create index session_tokens_of_session on session_tokens (session_id)`.execute(db)
  await sql`create index session_tokens_expiry on session_tokens (expires_at)`.execute(db)

  await sql`
    create table tickets (
      hash bytea primary key,
      account_id uuid not null references accounts (id) on delete cascade,
      created_at timestamptz not null,
      used_at timestamptz,
      replaced_at timestamptz
    )`.execute(db)

  await sql`
    create table revocations (
      id uuid primary key,
      user_id uuid not null,
      session_ids uuid[],
      created_at timestamptz not null
    )`.execute(db)
  await sql`create index revocations_age on revocations (created_at)`.execute(db)
}
