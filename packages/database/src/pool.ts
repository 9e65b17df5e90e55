import pg from 'pg'
import type { Connection } from './connection.ts'
import { DatabaseUnavailable, isConnectionError } from './errors.ts'
import { typeParsers } from './parsers.ts'

export interface PoolOptions {
  url: string
  applicationName: string
  /** Connections at most. */
  poolSize: number
  /** How long to wait for a free or a new connection. */
  acquireTimeoutMs: number
  /** How many may wait for a connection at once; more are refused immediately. */
  waitingLimit: number
  statementTimeoutMs: number
  lockTimeoutMs: number
  idleInTransactionTimeoutMs: number
  /** How long closing waits for connections in use before it ends them. */
  closeTimeoutMs: number
  onIdleError: (error: Error) => void
  onAcquired: (waitedSeconds: number) => void
  onUnavailable: () => void
}

export interface PoolUsage {
  inUse: number
  idle: number
  waiting: number
}

export interface ConnectionPool {
  /** Calls back for each new client, before anything can happen to it. */
  onConnect(listener: (client: pg.PoolClient) => void): void
  acquire(): Promise<pg.PoolClient>
  usage(): PoolUsage
  /** Waits for what is in use, within bounds, then ends it. */
  end(inUse: Iterable<Connection>): Promise<void>
}

/** pg's pool with every bound set that it leaves open. It connects at the first use. */
export function createPool(options: PoolOptions): ConnectionPool {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.poolSize,
    connectionTimeoutMillis: options.acquireTimeoutMs,
    idleTimeoutMillis: 60_000,
    // A connection is renewed now and then, so that load finds its way back to a server that came back.
    maxLifetimeSeconds: 30 * 60,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    statement_timeout: options.statementTimeoutMs,
    lock_timeout: options.lockTimeoutMs,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs,
    options: '-c TimeZone=UTC -c DateStyle=ISO',
    types: typeParsers,
  })
  // An idle connection that breaks is dropped by the pool; without a listener it would end the process.
  pool.on('error', options.onIdleError)

  return {
    onConnect: listener => void pool.on('connect', listener),
    usage: () => ({
      inUse: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
    }),

    async acquire() {
      if (pool.waitingCount >= options.waitingLimit) {
        options.onUnavailable()
        throw new DatabaseUnavailable('busy', `${options.waitingLimit} requests wait for a connection already`)
      }
      const from = performance.now()
      try {
        const client = await pool.connect()
        options.onAcquired((performance.now() - from) / 1_000)
        return client
      } catch (error) {
        options.onUnavailable()
        throw unavailable(error, performance.now() - from >= options.acquireTimeoutMs * 0.9)
      }
    },

    async end(inUse) {
      const timer = setTimeout(() => {
        for (const connection of inUse) connection.abort(new DatabaseUnavailable('lost', 'the pool is closing'))
      }, options.closeTimeoutMs)
      await pool.end().finally(() => clearTimeout(timer))
    },
  }
}

/** Whatever goes wrong while connecting is an absence, except a refusal that no waiting mends (wrong password). */
function unavailable(error: unknown, timedOut: boolean): unknown {
  if (timedOut) return new DatabaseUnavailable('timeout', 'no connection to PostgreSQL in time', error)
  if (error instanceof pg.DatabaseError && !isConnectionError(error)) return error
  return new DatabaseUnavailable('refused', 'PostgreSQL cannot be reached', error)
}
