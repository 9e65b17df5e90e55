import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  // What handlers did: one row each time, so that twice would show.
  await sql`create table effects (place bigint generated always as identity primary key, thing text, step integer)`.execute(
    db,
  )
  // What senders committed, in the order of the commits of one thing: the constraint fails if two were not serialised.
  await sql`create table commits (thing text, place integer, step integer, primary key (thing, place))`.execute(db)
}
