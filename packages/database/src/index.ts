export { type CompiledQueries, createCompiledQueries, type Slot } from './compiled-queries.ts'
export { type CursorKind, type CursorValue, type CursorValues, decodeCursor, encodeCursor } from './cursor.ts'
export {
  CommitUnknown,
  DatabaseUnavailable,
  isConnectionError,
  isConstraint,
  isTimeout,
  isTransient,
} from './errors.ts'
export { cursorText, type Direction, type KeysetColumn, keyset } from './keyset.ts'
export {
  createLedger,
  expireLedger,
  type Ledger,
  type LedgerRequest,
  type LedgerTables,
  type StoredAnswer,
} from './ledger.ts'
export { type MigrateOptions, migrate } from './migrate.ts'
export { type Database, type DatabaseOptions, openDatabase } from './open.ts'
export { type Page, page } from './page.ts'
export type { PoolUsage } from './pool.ts'
export {
  accessSql,
  createDatabaseSql,
  databaseUrl,
  type Provision,
  provision,
  provisionOf,
  rolesSql,
  schemaSql,
} from './provision.ts'
export type { TransactionOptions } from './transaction.ts'
export { uuidv7 } from './uuid.ts'

/** The folder of this package's own migrations (the idempotency ledger), for a service to include in its own. */
export const databaseMigrations = new URL('./migrations/', import.meta.url)
