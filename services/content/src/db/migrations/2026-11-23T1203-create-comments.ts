import { type Kysely, sql } from 'kysely'

/**
 * `path` is the ids from the first comment of the thread down to this one, without their dashes: sorted by it, a post's
 * comments stand in the order of their threads, and a page begins anywhere in it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table comments (
      id uuid primary key,
      post_id uuid not null references posts (id) on delete cascade,
      parent_id uuid references comments (id),
      path text collate "C" not null,
      author_id uuid not null references authors (user_id),
      body text not null,
      html text not null,
      version integer not null default 1,
      created_at timestamptz not null,
      edited_at timestamptz,
      deleted_at timestamptz
    )`.execute(db)
  await sql`create unique index comments_thread on comments (post_id, path)`.execute(db)
  await sql`create index comments_parent on comments (parent_id) where parent_id is not null`.execute(db)
  await sql`create index comments_author on comments (author_id)`.execute(db)
}
