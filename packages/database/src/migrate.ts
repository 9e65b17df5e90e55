import { Kysely, PostgresDialect, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import pg from 'pg'
import { DatabaseUnavailable } from './errors.ts'
import { type DatedMigration, readMigrations } from './migration-files.ts'

export interface MigrateOptions {
  /** With the role that owns the database. */
  url: string
  /** Folders of dated migrations: the service's, and those of the packages it stands on. */
  folders: readonly URL[]
  log?: { info(details: object, message: string): void }
  /** How long to wait while another replica migrates; default 60 s. */
  lockTimeoutMs?: number
  /** How long a migration may wait for a table, and so hold up everybody behind it; default 5 s. */
  tableLockTimeoutMs?: number
}

/** Any number; the same for every replica, and nobody else's. */
const lockId = '5781263049123401'

/** Outside of `public`, where the service's role has rights by default. */
const migrationSchema = 'migration'

/**
 * Brings a database up to date: each migration in its own transaction, one replica at a time, in whatever order they
 * were merged. What a newer version has already done is left as it is, so that the version before still starts.
 *
 * @returns the names of the migrations that this call ran
 * @throws DatabaseUnavailable when another replica holds the lock too long; whatever a migration throws, with what came
 *   before it kept.
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const { url, folders, log, lockTimeoutMs = 60_000, tableLockTimeoutMs = 5_000 } = options
  const migrations = await readMigrations(folders)
  // Two connections: the lock's, which must live as long as the work, and the work's.
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'migrate',
    max: 2,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    lock_timeout: tableLockTimeoutMs,
  })
  pool.on('error', () => {})
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  try {
    return await db.connection().execute(async locked => {
      await lock(locked, lockTimeoutMs)
      return run(db, migrations, log)
    })
  } finally {
    // Closing the session gives the lock back.
    await db.destroy()
  }
}

/** A try a time instead of one long wait: a waiting session would hold back vacuum and `create index concurrently`. */
async function lock(db: Kysely<unknown>, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const { rows } = await sql<{ locked: boolean }>`select pg_try_advisory_lock(${lockId}::int8) as locked`.execute(db)
    if (rows[0]?.locked) return
    if (performance.now() > deadline) {
      throw new DatabaseUnavailable('timeout', `another replica has been migrating for more than ${timeoutMs} ms`)
    }
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

async function run(db: Kysely<unknown>, migrations: DatedMigration[], log: MigrateOptions['log']): Promise<string[]> {
  const done: string[] = []
  const known = Object.fromEntries(migrations.map(migration => [migration.name, migration]))
  const all = { ...(await placeholders(db)), ...known }
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => all },
    migrationTableSchema: migrationSchema,
    allowUnorderedMigrations: true,
  })
  for (;;) {
    const next = (await pending(migrator)).at(0)
    if (next === undefined) return done
    const from = performance.now()
    const { error } = await migrator.migrateUp({ disableTransactions: known[next]?.inTransaction === false })
    if (error) throw new Error(`the migration ${next} failed`, { cause: error })
    log?.info({ migration: next, durationMs: Math.round(performance.now() - from) }, 'migrated')
    done.push(next)
  }
}

async function pending(migrator: Migrator): Promise<string[]> {
  const migrations = await migrator.getMigrations()
  return migrations.filter(migration => migration.executedAt === undefined).map(migration => migration.name)
}

/** Kysely refuses to start when the table names a migration it does not find: a newer version's is nothing to do. */
async function placeholders(db: Kysely<unknown>): Promise<Record<string, { up(): Promise<void> }>> {
  const { rows: tables } = await sql`select 1 from pg_tables
    where schemaname = ${migrationSchema} and tablename = 'kysely_migration'`.execute(db)
  if (tables.length === 0) return {}
  const { rows } = await sql<{
    name: string
  }>`select name from ${sql.table(`${migrationSchema}.kysely_migration`)}`.execute(db)
  return Object.fromEntries(rows.map(({ name }) => [name, { up: async () => {} }]))
}
