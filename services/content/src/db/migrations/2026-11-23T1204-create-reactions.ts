import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table reactions (
      post_id uuid not null references posts (id) on delete cascade,
      user_id uuid not null,
      kind text not null,
      created_at timestamptz not null,
      primary key (post_id, user_id, kind)
    )`.execute(db)
  await sql`create index reactions_of_user on reactions (user_id)`.execute(db)
}
