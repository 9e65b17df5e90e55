import { type Kysely, sql } from 'kysely'

/**
 * `posts` is the row that lists read: no body, no HTML in it, tags as a text of ids (an array costs four times as much
 * to read). `byline` and `tag_ids` are lists in a text: names one a line, ids with commas between.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table posts (
      id uuid primary key,
      author_id uuid not null references authors (user_id),
      slug text collate "C" not null,
      title text not null,
      excerpt text not null,
      tag_ids text not null default '',
      byline text not null default '',
      cover_file_id uuid,
      status text not null check (status in ('draft', 'scheduled', 'published', 'trashed')),
      version integer not null default 1,
      revision integer not null default 1,
      comment_count integer not null default 0,
      reaction_count integer not null default 0,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      published_at timestamptz,
      scheduled_for timestamptz,
      trashed_at timestamptz,
      constraint posts_published_has_date check (status <> 'published' or published_at is not null),
      constraint posts_scheduled_has_date check ((status = 'scheduled') = (scheduled_for is not null)),
      constraint posts_trashed_has_date check ((status = 'trashed') = (trashed_at is not null))
    ) with (fillfactor = 90)`.execute(db)
  await sql`create index posts_published on posts (published_at, id) where status = 'published'`.execute(db)
  await sql`create index posts_of_author on posts (author_id, published_at, id) where status = 'published'`.execute(db)
  await sql`create index posts_own on posts (author_id, updated_at, id)`.execute(db)
  await sql`create index posts_own_by_status on posts (author_id, status, updated_at, id)`.execute(db)
  await sql`create index posts_scheduled on posts (scheduled_for) where status = 'scheduled'`.execute(db)
  await sql`create index posts_trashed on posts (trashed_at) where status = 'trashed'`.execute(db)

  // Every slug a post ever had, so that old addresses go on working and are never another post's. A slug is claimed
  // before the post is there, hence deferred.
  await sql`
    create table post_slugs (
      slug text collate "C" primary key,
      post_id uuid not null references posts (id) on delete cascade deferrable initially deferred
    )`.execute(db)
  await sql`create index post_slugs_of_post on post_slugs (post_id)`.execute(db)

  await sql`
    create table post_revisions (
      post_id uuid not null references posts (id) on delete cascade,
      revision integer not null,
      slug text not null,
      title text not null,
      body text not null,
      html text not null,
      tag_ids text not null,
      byline text not null,
      cover_file_id uuid,
      editor_id uuid not null,
      created_at timestamptz not null,
      primary key (post_id, revision)
    )`.execute(db)
}
