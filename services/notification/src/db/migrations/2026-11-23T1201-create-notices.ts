import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table notices (
      id uuid primary key,
      user_id uuid not null,
      kind text not null,
      actor_id uuid not null,
      path text not null,
      title text not null default '',
      post_id uuid,
      comment_id uuid,
      created_at timestamptz not null,
      read_at timestamptz
    )`.execute(db)
  await sql`create index notices_of_user on notices (user_id, created_at, id)`.execute(db)
  await sql`create index notices_unread on notices (user_id, created_at, id) where read_at is null`.execute(db)
  await sql`create index notices_of_actor on notices (actor_id)`.execute(db)
  await sql`create index notices_of_comment on notices (comment_id) where comment_id is not null`.execute(db)
}
