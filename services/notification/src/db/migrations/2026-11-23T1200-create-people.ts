import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table people (
      user_id uuid primary key,
      handle text,
      name text not null,
      email text,
      locale text not null,
      updated_at timestamptz not null
    )`.execute(db)
  await sql`
    create table preferences (
      user_id uuid primary key,
      choices jsonb not null
    )`.execute(db)
}
