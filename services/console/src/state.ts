import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Counted up with every change of a table. */
const version = 1

/**
 * Traces and mails of one machine: worth keeping across a restart, not worth an fsync a write, nor a migration: what
 * another version wrote is dropped.
 */
export async function openState(folder: string): Promise<DatabaseSync> {
  await mkdir(folder, { recursive: true })
  const db = new DatabaseSync(join(folder, 'console.sqlite'), { timeout: 5_000 })
  db.exec('pragma journal_mode = wal; pragma synchronous = normal')
  const { user_version } = db.prepare('pragma user_version').get() as { user_version: number }
  if (user_version !== version) {
    for (const table of ['recipients', 'mails', 'spans', 'operations']) db.exec(`drop table if exists ${table}`)
    db.exec(`pragma user_version = ${version}`)
  }
  db.exec('pragma foreign_keys = on')
  return db
}
