import { createHash } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { canonicalJson, internalHeaders, ProblemError } from '@portico/contracts'
import { createLedger, type Database, type Ledger } from '@portico/database'
import type { FastifyRequest } from 'fastify'
import type { Transaction } from 'kysely'
import { Answer } from '../http/answer.ts'

const inFlightRetryMs = 100

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
 *
 * Whoever repeats while the first still runs is told so with a 409; but of the gateway's own repeat the client knows
 * nothing, so that one waits for the first to end, or for PostgreSQL to end it where its replica froze.
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

  async function forRequest<Body>(request: FastifyRequest, work: (stores: Stores) => Promise<Answer<Body> | Body>) {
    for (;;) {
      try {
        return await onceFor(request, work)
      } catch (error) {
        if (!isInFlight(error) || !isRepeat(request) || request.signal.aborted) throw error
        // In no transaction: a wait holds no connection.
        await pause(inFlightRetryMs, request.signal)
      }
    }
  }

  function onceFor<Body>(request: FastifyRequest, work: (stores: Stores) => Promise<Answer<Body> | Body>) {
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

const isInFlight = (error: unknown) => error instanceof ProblemError && error.code === 'request_in_flight'
const isRepeat = ({ headers }: FastifyRequest) => headers[internalHeaders.repeat] === '1'

/** Ends early, without failing, when nobody waits any more. */
function pause(ms: number, signal: AbortSignal): Promise<unknown> {
  return setTimeout(ms, undefined, { signal }).catch(() => {})
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
