import type { DatabaseConnection, Driver, QueryCompiler, TransactionSettings } from 'kysely'
import { AbortedTransactionError, createQueryId, IdentifierNode, RawNode } from 'kysely'
import type { PoolClient } from 'pg'
import { Connection, type ConnectionOptions } from './connection.ts'
import { CommitUnknown, isConnectionError } from './errors.ts'
import type { ConnectionPool } from './pool.ts'

/** Kysely's driver over our pool: as its own for PostgreSQL, with bounds, names and an honest COMMIT. */
export function createDriver(pool: ConnectionPool, options: ConnectionOptions): Driver {
  const connections = new WeakMap<PoolClient, Connection>()
  const open = new Set<Connection>()
  // Here and not when it is acquired: a client's first words and its end can come in one packet.
  pool.onConnect(client => connections.set(client, new Connection(client, options)))

  return {
    async init() {},

    async acquireConnection() {
      const connection = connections.get(await pool.acquire())
      if (!connection) throw new TypeError('a client that never connected')
      open.add(connection)
      return connection
    },

    async releaseConnection(connection) {
      const mine = own(connection)
      open.delete(mine)
      mine.release()
    },

    beginTransaction: (connection, settings) => own(connection).begin(beginSql(settings)),

    async commitTransaction(connection) {
      try {
        // PostgreSQL answers COMMIT of a transaction that failed before with ROLLBACK, and no error.
        if ((await own(connection).commit()) === 'ROLLBACK') throw new AbortedTransactionError()
      } catch (error) {
        throw isConnectionError(error) ? new CommitUnknown(error) : error
      }
    },

    rollbackTransaction: connection => own(connection).rollback(),
    savepoint: (connection, name, compile) => savepoint(connection, 'savepoint', name, compile),
    rollbackToSavepoint: (connection, name, compile) => savepoint(connection, 'rollback to', name, compile),
    releaseSavepoint: (connection, name, compile) => savepoint(connection, 'release', name, compile),
    destroy: () => pool.end(open),
  }
}

function own(connection: DatabaseConnection): Connection {
  if (connection instanceof Connection) return connection
  throw new TypeError('a connection of another driver')
}

function beginSql({ isolationLevel, accessMode }: TransactionSettings): string {
  const isolation = isolationLevel === undefined ? '' : ` isolation level ${isolationLevel}`
  return `begin${isolation}${accessMode === undefined ? '' : ` ${accessMode}`}`
}

async function savepoint(
  connection: DatabaseConnection,
  command: 'savepoint' | 'rollback to' | 'release',
  name: string,
  compile: QueryCompiler['compileQuery'],
): Promise<void> {
  const node = RawNode.createWithChildren([RawNode.createWithSql(`${command} `), IdentifierNode.create(name)])
  await connection.executeQuery(compile(node, createQueryId()))
}
