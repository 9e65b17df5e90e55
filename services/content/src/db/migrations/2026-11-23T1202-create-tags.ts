import { type Kysely, sql } from 'kysely'

/** A tag never changes its name, so processes keep the names in memory. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table tags (
      id integer generated always as identity primary key,
      name text collate "C" not null unique
    )`.execute(db)
  // `published_at` is that of the post while everyone may read it, else null: lists by tag stay in one index.
  await sql`
    create table post_tags (
      post_id uuid not null references posts (id) on delete cascade,
      tag_id integer not null references tags (id),
      published_at timestamptz,
      primary key (post_id, tag_id)
    )`.execute(db)
  await sql`
    create index post_tags_published on post_tags (tag_id, published_at, post_id) where published_at is not null
  `.execute(db)
}
