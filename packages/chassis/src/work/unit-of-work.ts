import { createHash } from 'node:crypto'
import { canonicalJson } from '@portico/contracts'
import { createLedger, type Database, type Ledger } from '@portico/database'
import type { FastifyRequest } from 'fastify'
import type { Transaction } from 'kysely'
import { Answer } from '../http/answer.ts'

export interface UnitOfWorkOptions<Tables, Stores> {
  database: Pick<Database<Tables>, 'transaction' | 'afterCommit'>
  /** What the work sees: stores and outbox, bound to its transaction. */
  stores: (trx: Transaction<Tables>) => Stores
  /** Woken after each commit; it polls anyway. */
  relay?: { wake(): void } | undefined
  ledger?: Ledger
}

/**
 * One piece of work, one transaction.
 *
 * `transact(work)` for jobs and consumers; `transact(request, work)` for routes. With an `Idempotency-Key` on a POST the
 * answer is stored beside the effect, in the same transaction, and a repeat gets it again with `Idempotent-Replayed`.
 * When the deadline passed or the client left meanwhile, it is rolled back.
 */
export interface Transact<Stores> {
  <T>(work: (stores: Stores) => Promise<T>): Promise<T>
  <Body>(request: FastifyRequest, work: (stores: Stores) => Promise<Answer<Body> | Body>): Promise<Answer<Body>>
}

export function unitOfWork<Tables, Stores>(options: UnitOfWorkOptions<Tables, Stores>): Transact<Stores> {
  const { database, stores, relay, ledger = createLedger() } = options

  function inTransaction<T>(work: (stores: Stores, trx: Transaction<Tables>) => Promise<T>): Promise<T> {
    return database.transaction(async trx => {
      const result = await work(stores(trx), trx)
      if (relay) database.afterCommit(trx, () => relay.wake())
      return result
    })
  }

  function forRequest<Body>(request: FastifyRequest, work: (stores: Stores) => Promise<Answer<Body> | Body>) {
    return inTransaction(async (bound, trx) => {
      const key = keyOf(request)
      const result = key === undefined ? answerOf(await work(bound)) : await keyed(trx, request, key, () => work(bound))
      // Nobody waits any more: better nothing than an effect that its caller never hears of.
      if (request.deadline?.reason) throw request.deadline.reason
      return result
    })
  }

  async function keyed<Body>(
    trx: Transaction<Tables>,
    request: FastifyRequest,
    key: string,
    work: () => Promise<Answer<Body> | Body>,
  ): Promise<Answer<Body>> {
    const asked = { scope: scopeOf(request), key, fingerprint: fingerprintOf(request) }
    const { answer, replayed } = await ledger.once(trx, asked, async () => storable(request, answerOf(await work())))
    const headers = replayed ? { ...answer.headers, 'idempotent-replayed': 'true' } : answer.headers
    return new Answer(answer.body, { status: answer.status, headers })
  }

  function transact<T>(work: (stores: Stores) => Promise<T>): Promise<T>
  function transact<Body>(
    request: FastifyRequest,
    work: (stores: Stores) => Promise<Answer<Body> | Body>,
  ): Promise<Answer<Body>>
  function transact<T>(
    first: FastifyRequest | ((stores: Stores) => Promise<T>),
    work?: (stores: Stores) => Promise<Answer<T> | T>,
  ): Promise<T | Answer<T>> {
    if (typeof first === 'function') return inTransaction(first)
    if (!work) throw new TypeError('transact(request, work) needs the work')
    return forRequest(first, work)
  }
  return transact
}

function answerOf<Body>(result: Answer<Body> | Body): Answer<Body> {
  return result instanceof Answer ? result : new Answer(result)
}

/** The answer as the ledger keeps it: with the status that a replay must have too. */
function storable<Body>({ routeOptions }: FastifyRequest, { status, headers, body }: Answer<Body>) {
  return { status: status ?? routeOptions.config.successStatus ?? 200, headers: { ...headers }, body }
}

function keyOf({ method, headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key']
  return method === 'POST' && typeof key === 'string' && key !== '' ? key : undefined
}

function scopeOf({ principal }: FastifyRequest): string {
  return principal?.userId ?? 'anonymous'
}

/** What makes two requests the same: method, target, who asks, and the body, however its fields are ordered. */
function fingerprintOf(request: FastifyRequest): string {
  const digest = createHash('sha256')
    .update(canonicalJson(request.body ?? null))
    .digest('hex')
  return `${request.method} ${request.url} ${scopeOf(request)} ${digest}`
}
