import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table follows (
      id uuid primary key,
      follower_id uuid not null references accounts (id) on delete cascade,
      followed_id uuid not null references accounts (id) on delete cascade,
      created_at timestamptz not null,
      constraint follows_once unique (follower_id, followed_id),
      constraint follows_another check (follower_id <> followed_id)
    )`.execute(db)
  await sql`create index follows_followers on follows (followed_id, id)`.execute(db)
  await sql`create index follows_following on follows (follower_id, id)`.execute(db)
}
