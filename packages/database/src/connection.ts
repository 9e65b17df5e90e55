import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import type { QueryResult as PgResult, PoolClient } from 'pg'
import { DatabaseUnavailable, endsSession, isStalePlan } from './errors.ts'
import type { Pulse } from './pulse.ts'
import type { Statement, Statements } from './statement.ts'

export interface ConnectionOptions {
  statements: Statements
  pulse: Pulse
  /** Runs a statement inside of its span. */
  trace<T>(sql: string, work: () => Promise<T>): Promise<T>
  /** How long a statement may stay without an answer before its connection is given up, in ms. */
  queryTimeoutMs: number
  /** Prepared statements on one connection; with more it is replaced when it is given back. */
  preparedLimit: number
}

const countedCommands = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE'])

/** One session with PostgreSQL, as Kysely sees it. */
export class Connection implements DatabaseConnection {
  readonly #client: PoolClient
  readonly #options: ConnectionOptions
  readonly #prepared = new Set<string>()
  #lost: DatabaseUnavailable | undefined
  #inTransaction = false

  constructor(client: PoolClient, options: ConnectionOptions) {
    this.#client = client
    this.#options = options
    // Without a listener the error of a connection that somebody holds would end the process.
    client.on('error', error => this.#loseTo('lost', 'the connection to PostgreSQL was lost', error))
    client.on('end', () => this.#loseTo('lost', 'the connection to PostgreSQL was closed'))
  }

  /** What makes this session unusable, once something has. */
  get lost(): DatabaseUnavailable | undefined {
    return this.#lost
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { command, rowCount, rows } = await this.#options.trace(sql, () => this.#ask<R>(sql, parameters))
    return countedCommands.has(command) ? { rows, numAffectedRows: BigInt(rowCount ?? 0) } : { rows }
  }

  /** Lists are read by page here; a cursor held open over a pool would defeat its bounds. */
  // biome-ignore lint/correctness/useYield: the interface asks for a generator, and there is nothing to yield
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new TypeError('streaming is not supported: read pages by keyset')
  }

  async begin(sql: string): Promise<void> {
    await this.#control(sql)
    this.#inTransaction = true
  }

  /** @returns the command that PostgreSQL carried out: `ROLLBACK` when the transaction had failed before. */
  async commit(): Promise<string> {
    const { command } = await this.#control('commit')
    this.#inTransaction = false
    return command
  }

  /** With the session gone the transaction is gone too: there is nothing to ask for. */
  async rollback(): Promise<void> {
    this.#inTransaction = false
    if (this.#lost) return
    try {
      await this.#control('rollback')
    } catch (error) {
      this.#loseTo('lost', 'the transaction could not be rolled back', error)
    }
  }

  /** Gives the client back to the pool, or ends it when it is lost, in an unknown state or has prepared too much. */
  release(): void {
    const { preparedLimit } = this.#options
    const worn = preparedLimit > 0 && this.#prepared.size >= preparedLimit
    this.#client.release(worn || this.#inTransaction || this.#lost !== undefined)
  }

  /** Ends the session at once, whatever it is doing. */
  abort(reason: DatabaseUnavailable): void {
    this.#lost ??= reason
    this.#options.pulse.lost()
    // With a statement under way pg closes the socket instead of waiting for an answer.
    void this.#client.end()
  }

  #control(sql: string): Promise<PgResult> {
    return this.#options.trace(sql, () => this.#send(sql, [], undefined))
  }

  /** A statement made useless by a migration is prepared anew; only a transaction has to begin again by itself. */
  async #ask<R>(
    sql: string,
    parameters: readonly unknown[],
  ): Promise<Pick<PgResult, 'command' | 'rowCount'> & { rows: R[] }> {
    const statement = this.#options.statements.get(sql)
    try {
      return await this.#send(sql, parameters, this.#nameFor(statement, parameters))
    } catch (error) {
      if (!isStalePlan(error)) throw error
      this.#options.statements.generation += 1
      if (this.#inTransaction) throw error
      return await this.#send(sql, parameters, this.#nameFor(statement, parameters))
    }
  }

  /**
   * Named from the second use on: PostgreSQL then plans once for each connection instead of each time, and texts that
   * never return leave nothing behind.
   */
  #nameFor(statement: Statement, parameters: readonly unknown[]): string | undefined {
    if (statement.uses < 2) return undefined
    if (parameters.length === 0 && !statement.reads) return undefined
    const name = `${statement.name}_${this.#options.statements.generation}`
    if (this.#prepared.has(name)) return name
    if (this.#prepared.size >= this.#options.preparedLimit) return undefined
    this.#prepared.add(name)
    return name
  }

  async #send(text: string, parameters: readonly unknown[], name: string | undefined): Promise<PgResult> {
    if (this.#lost) throw this.#lost
    const { queryTimeoutMs } = this.#options
    const timer = setTimeout(() => {
      this.abort(new DatabaseUnavailable('timeout', `PostgreSQL did not answer within ${queryTimeoutMs} ms`))
    }, queryTimeoutMs)
    try {
      const result = await this.#client.query({
        text,
        values: [...parameters],
        ...(name === undefined ? {} : { name }),
      })
      this.#options.pulse.answered()
      return result
    } catch (error) {
      if (endsSession(error)) this.#loseTo('lost', 'PostgreSQL ended the session', error)
      throw this.#lost ?? error
    } finally {
      clearTimeout(timer)
    }
  }

  #loseTo(reason: 'lost', message: string, cause?: unknown): void {
    this.#lost ??= new DatabaseUnavailable(reason, message, cause)
    this.#options.pulse.lost()
  }
}
