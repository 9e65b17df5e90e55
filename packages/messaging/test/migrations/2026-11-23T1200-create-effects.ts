import { type Kysely, sql } from 'kysely'

/** What handlers did: one row each time, so that twice would show. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table effects (place bigint generated always as identity primary key, thing text, step integer)`.execute(
    db,
  )
}
