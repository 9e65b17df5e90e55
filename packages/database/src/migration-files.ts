import { readdir } from 'node:fs/promises'
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** A module in a folder of migrations. */
interface MigrationModule {
  up(db: Kysely<unknown>): Promise<void>
  /** False where PostgreSQL allows no transaction (`create index concurrently`): then `up` must bear to run again. */
  transaction?: boolean
}

export interface DatedMigration extends Migration {
  name: string
  inTransaction: boolean
}

const namePattern = /^(\d{4}-\d\d-\d\dT\d{4}-[a-z0-9-]+)\.ts$/

/**
 * Reads the dated migrations (`2026-11-23T1000-create-posts.ts`) of several folders, oldest first.
 *
 * @throws Error when a file has another kind of name, exports no `up`, or shares its name with another folder's.
 */
export async function readMigrations(folders: readonly URL[]): Promise<DatedMigration[]> {
  const found = new Map<string, DatedMigration>()
  for (const folder of folders) {
    const base = folder.href.endsWith('/') ? folder : new URL(`${folder.href}/`)
    for (const file of await readdir(base)) {
      const name = namePattern.exec(file)?.[1]
      if (name === undefined) throw new Error(`${file} is not a migration: its name is <yyyy-mm-ddThhmm>-<what>.ts`)
      if (found.has(name)) throw new Error(`there are two migrations called ${name}`)
      const module: unknown = await import(new URL(file, base).href)
      if (!isMigration(module)) throw new Error(`${file} exports no function up`)
      found.set(name, { name, up: db => module.up(db), inTransaction: module.transaction !== false })
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function isMigration(module: unknown): module is MigrationModule {
  return typeof module === 'object' && module !== null && 'up' in module && typeof module.up === 'function'
}
