import { type Telemetry, traceQuery } from '@portico/telemetry'
import type { Transaction } from 'kysely'
import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql } from 'kysely'
import type { ConnectionOptions } from './connection.ts'
import { createDriver } from './driver.ts'
import { createDatabaseMetrics } from './metrics.ts'
import { createPool, type PoolUsage } from './pool.ts'
import { Pulse } from './pulse.ts'
import { Statements } from './statement.ts'
import { createTransactions, type TransactionOptions } from './transaction.ts'

export interface DatabaseOptions {
  /** `postgres://role:password@host:port/database` */
  url: string
  /** Shown in `pg_stat_activity`: the instance. */
  applicationName: string
  poolSize: number
  telemetry: Telemetry
  /** A statement that runs longer is ended by PostgreSQL; default 10 s. */
  statementTimeoutMs?: number
  /** A statement that waits longer for a lock fails; default 5 s. */
  lockTimeoutMs?: number
  /** A transaction that does nothing for longer is ended; default 6 s: what a frozen process locked is free again while its callers still wait. */
  idleInTransactionTimeoutMs?: number
  /** How long to wait for a free or new connection; default 3 s. */
  acquireTimeoutMs?: number
  /** How long to wait for any answer before the connection is given up; default: the statement's time and 2 s. */
  queryTimeoutMs?: number
  /** How many may wait for a connection; default 50 for each connection. */
  waitingLimit?: number
  /** Prepared statements kept on one connection; default 250. 0 behind a pooler that shares sessions. */
  preparedLimit?: number
  /** How long `close` waits for work under way; default 5 s. */
  closeTimeoutMs?: number
}

export interface Database<Tables> {
  readonly kysely: Kysely<Tables>
  /** Runs `work` in a transaction: committed when it resolves, rolled back when it rejects. */
  transaction<R>(work: (trx: Transaction<Tables>) => Promise<R>, options?: TransactionOptions): Promise<R>
  /** Runs `hook` once `trx` has been committed, never otherwise. What it throws is logged, and nobody waits for it. */
  afterCommit(trx: Transaction<Tables>, hook: () => unknown): void
  /** Whether PostgreSQL answers, or did a second ago. Never rejects. */
  isReady(): Promise<boolean>
  usage(): PoolUsage
  /** Lets work under way end, within bounds, and closes the connections. */
  close(): Promise<void>
}

/**
 * Opens a service's database. Nothing is connected until the first statement, and every wait has a bound.
 *
 * @example
 * const database = openDatabase<Tables>({ url, applicationName: 'content-1', poolSize: 10, telemetry })
 * await database.transaction(trx => trx.insertInto('posts').values(post).execute())
 */
export function openDatabase<Tables>(options: DatabaseOptions): Database<Tables> {
  const { url, applicationName, poolSize, telemetry, statementTimeoutMs = 10_000 } = options
  const { log, tracer } = telemetry
  const pool = createPool({
    url,
    applicationName,
    poolSize,
    statementTimeoutMs,
    lockTimeoutMs: options.lockTimeoutMs ?? 5_000,
    idleInTransactionTimeoutMs: options.idleInTransactionTimeoutMs ?? 6_000,
    acquireTimeoutMs: options.acquireTimeoutMs ?? 3_000,
    waitingLimit: options.waitingLimit ?? poolSize * 50,
    closeTimeoutMs: options.closeTimeoutMs ?? 5_000,
    onIdleError: error => log.warn({ reason: error.message }, 'an idle database connection broke'),
    onAcquired: seconds => metrics.acquired(seconds),
    onUnavailable: () => metrics.unavailable(),
  })
  const metrics = createDatabaseMetrics(telemetry.metrics, pool.usage)
  const namespace = decodeURIComponent(new URL(url).pathname.slice(1))
  const pulse = new Pulse()
  const connection: ConnectionOptions = {
    statements: new Statements(),
    pulse,
    trace: (text, work) => traceQuery(tracer, { sql: text, namespace }, () => metrics.timed(text, work)),
    queryTimeoutMs: options.queryTimeoutMs ?? statementTimeoutMs + 2_000,
    preparedLimit: options.preparedLimit ?? 250,
  }
  const kysely = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => createDriver(pool, connection),
      createIntrospector: db => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
  const { transaction, afterCommit } = createTransactions(kysely, error =>
    log.error({ err: error }, 'a hook after a commit failed'),
  )
  return {
    kysely,
    transaction,
    afterCommit,
    usage: pool.usage,
    isReady: async () => pulse.isFresh() || answers(kysely),
    close: () => kysely.destroy(),
  }
}

async function answers<Tables>(kysely: Kysely<Tables>): Promise<boolean> {
  try {
    await sql`select 1`.execute(kysely)
    return true
  } catch {
    return false
  }
}
