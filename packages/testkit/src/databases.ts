import { accessSql, createDatabaseSql, databaseUrl, provisionOf } from '@portico/database'
import pg from 'pg'
import { type PostgresServer, startPostgres } from './postgres-server.ts'
import type { TestScope } from './scope.ts'
import { sharedPostgres } from './shared-postgres.ts'
import { ensureTemplate } from './template.ts'

export interface TestPostgres {
  /** The superuser's, to the database `postgres` or to `database`. */
  url(database?: string): string
}

export interface TestDatabase {
  name: string
  /** For the role that the service runs as. */
  url: string
  /** For the role that owns the database and migrates it. */
  migrationUrl: string
  /** The superuser's. */
  adminUrl: string
  /** Drops it now, whoever uses it. The end of the test does so too. */
  drop(): Promise<void>
}

export interface TestDatabaseOptions {
  /** The roles are called as in production: `content` and `content_owner`. */
  service: string
  /** Folders of migrations; without any the database is empty. */
  migrations?: readonly URL[]
  /** Another server than the one that all tests share. */
  server?: { url: string }
}

/** The PostgreSQL that all tests share. */
export async function testPostgres(_t: TestScope): Promise<TestPostgres> {
  const url = await sharedPostgres()
  return { url: database => (database === undefined ? url : databaseUrl(url, database)) }
}

/** A PostgreSQL of one test's own, to be killed, stopped and frozen. */
export async function privatePostgres(t: TestScope): Promise<PostgresServer> {
  const server = await startPostgres()
  t.after(() => server.destroy())
  return server
}

let made = 0

/**
 * A service's database as in production, with its roles and all migrations done: a clone of a template, so it takes a
 * tenth of a second. It is dropped when the test ends.
 *
 * @example
 * const { url } = await testDatabase(t, { service: 'content', migrations: [databaseMigrations] })
 */
export async function testDatabase(t: TestScope, options: TestDatabaseOptions): Promise<TestDatabase> {
  const { service, migrations = [], server } = options
  const adminUrl = server?.url ?? (await sharedPostgres())
  const roles = provisionOf(service, { owner: 'test-owner', app: 'test' })
  const name = `test_${service}_${process.pid}_${Date.now().toString(36)}_${++made}`
  const place = { ...roles, database: name }
  await withAdmin(adminUrl, async admin => {
    const template = await ensureTemplate(admin, adminUrl, roles, migrations)
    await admin.query(createDatabaseSql(place, template))
    for (const statement of accessSql(place)) await admin.query(statement)
  })
  const drop = () =>
    withAdmin(adminUrl, async admin => {
      await admin.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`)
    })
  t.after(() => drop().catch(ignoreAbsence))
  return {
    name,
    url: databaseUrl(adminUrl, name, place.app),
    migrationUrl: databaseUrl(adminUrl, name, place.owner),
    adminUrl: databaseUrl(adminUrl, name),
    drop,
  }
}

async function withAdmin(url: string, work: (admin: pg.Client) => Promise<void>): Promise<void> {
  const admin = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, application_name: 'testkit' })
  admin.on('error', () => {})
  await admin.connect()
  try {
    await work(admin)
  } finally {
    await admin.end()
  }
}

/** A test that ends its own server takes the database with it. */
function ignoreAbsence(error: unknown): void {
  if (error instanceof pg.DatabaseError) throw error
}
