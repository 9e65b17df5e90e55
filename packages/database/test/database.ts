import { type Database, type DatabaseOptions, databaseMigrations, openDatabase } from '@portico/database'
import { silentTelemetry } from '@portico/telemetry'
import { type TestScope, testDatabase } from '@portico/testkit'
import { sql } from 'kysely'

export interface Tables {
  posts: { id: number; title: string }
}

export interface Opened {
  database: Database<Tables>
  url: string
  migrationUrl: string
  adminUrl: string
}

/** A database with a table of posts, opened as the service. */
export async function openTest(t: TestScope, options: Partial<DatabaseOptions> = {}): Promise<Opened> {
  const made = await testDatabase(t, { service: 'content', migrations: [databaseMigrations] })
  const owner = open(t, { url: made.migrationUrl, poolSize: 1 })
  await sql`create table posts (id int primary key, title text not null)`.execute(owner.kysely)
  return { ...made, database: open(t, { url: made.url, ...options }) }
}

export function open(t: TestScope, options: Partial<DatabaseOptions> & { url: string }): Database<Tables> {
  const database = openDatabase<Tables>({
    applicationName: 'test',
    poolSize: 4,
    telemetry: silentTelemetry(),
    ...options,
  })
  t.after(() => database.close())
  return database
}
