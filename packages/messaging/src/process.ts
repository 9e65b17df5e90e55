import type { NatsConnection } from '@nats-io/transport-node'
import { type Database, isConnectionError, isTimeout, isTransient } from '@portico/database'
import type { Telemetry } from '@portico/telemetry'
import { sql, type Transaction } from 'kysely'
import { deadLetterOf, publishDeadLetter } from './dead-letters.ts'
import type { Delivery } from './delivery.ts'
import { reportOf } from './failure-report.ts'
import { type Handler, runTraced } from './handler.ts'
import { acceptGap, type Claim, claim, claimReplay, isLate } from './inbox.ts'
import type { Verdict } from './lanes.ts'
import { streamMaxAgeMs } from './streams.ts'
import { type Failures, failuresOf, forget, isWaiting, keepEarly, keepFailed, lockWaiting } from './waiting.ts'

export interface ProcessOptions<Tables> {
  consumer: string
  service: string
  database: Database<Tables>
  telemetry: Telemetry
  handlers: ReadonlyMap<string, Handler<Tables>>
  attempts: number
  backoffMs: readonly number[]
  client: () => NatsConnection | null
  /** Whether one more may wait in the database. */
  mayKeep: () => boolean
  /** A transaction was committed: it may have added events, and if `more`, the key's next may wait. */
  onHandled: (delivery: Delivery, more: boolean) => void
  /** The database is away. */
  onUnavailable: (error: unknown) => void
}

type Early = Extract<Claim, { kind: 'early' }>
const done: Verdict = { kind: 'done' }
const dayMs = 24 * 60 * 60 * 1_000

/** The handler's own failure; everything else that is thrown is the house's. */
class HandlerFailed extends Error {
  constructor(cause: unknown) {
    super('the handler failed', { cause })
  }
}
class DeadLetterRefused extends Error {}
/** It was tried elsewhere since it was read. */
class Outdated extends Error {}

const isNobodysFault = (cause: unknown) => isTransient(cause) || isConnectionError(cause)

/** What happens to one delivery. Never rejects. */
export function createProcess<Tables>(options: ProcessOptions<Tables>): (delivery: Delivery) => Promise<Verdict> {
  const { consumer, service, database, telemetry, handlers, attempts, backoffMs } = options
  const outcomes = telemetry.metrics.counter('portico_events_handled_total', 'Deliveries by what became of them', [
    'consumer',
    'outcome',
  ])

  function settle(delivery: Delivery, outcome: string): Verdict {
    delivery.ack()
    outcomes.inc({ consumer, outcome })
    return done
  }

  function letGo(delivery: Delivery): Verdict {
    delivery.ack()
    return done
  }

  function handled(delivery: Delivery, { waiting }: { waiting: number }, outcome: string): Verdict {
    // A replay stands beside the key's order, and brings nobody's turn.
    options.onHandled(delivery, waiting > 0 && delivery.replayOf === null)
    return settle(delivery, outcome)
  }

  /** The claim, the work and the record that it was done, in one transaction. */
  const once = (delivery: Delivery, work: (trx: Transaction<Tables>) => Promise<void>): Promise<Claim> =>
    database.transaction(trx => claimed(trx, delivery, work))

  async function claimed(
    trx: Transaction<Tables>,
    delivery: Delivery,
    work: (trx: Transaction<Tables>) => Promise<void>,
  ): Promise<Claim> {
    const { event, replayOf, after, source } = delivery
    const place = await (replayOf === null
      ? claim(trx, consumer, event, { after, alone: source === 'stream' })
      : claimReplay(trx, consumer, replayOf))
    if (place.kind !== 'next') return place
    if (after < event.number - 1) await acceptGap(trx, consumer, event, after)
    await work(trx)
    if (place.waiting > 0) await forget(trx, consumer, delivery)
    return place
  }

  /**
   * Another try of what waits. Two replicas may have found it due at once: the try and its count are one transaction, so
   * that the one that comes second sees that it was tried and leaves it. What the handler did is undone to a savepoint
   * below the lock.
   */
  function again(delivery: Delivery): Promise<Claim | { kind: 'failed'; count: number | null; error: unknown }> {
    return database.transaction(async trx => {
      if ((await lockWaiting(trx, consumer, delivery)) !== delivery.attempts) throw new Outdated()
      await sql`savepoint attempt`.execute(trx)
      try {
        return await claimed(trx, delivery, () => runHandler(trx, delivery))
      } catch (error) {
        if (!(error instanceof HandlerFailed) || isNobodysFault(error.cause)) throw error
        await sql`rollback to savepoint attempt`.execute(trx)
        const count = await keepFailed(trx, consumer, delivery, reportOf(error.cause), backoffMs)
        return { kind: 'failed', count, error: error.cause }
      }
    })
  }

  async function runHandler(trx: Transaction<Tables>, delivery: Delivery): Promise<void> {
    // What the consumer does not care for is of its entity all the same, and counts.
    const handler = handlers.get(delivery.event.subject)
    if (!handler) return
    try {
      await runTraced(telemetry, consumer, handler, delivery, trx)
    } catch (cause) {
      throw new HandlerFailed(cause)
    }
  }

  async function process(delivery: Delivery): Promise<Verdict> {
    // Delivered again although it waits in the database: the acknowledgement was lost.
    const redelivered = delivery.source === 'stream' && delivery.deliveries > 1
    if (redelivered && (await isWaiting(database.kysely, consumer, delivery))) return settle(delivery, 'repeat')
    if (delivery.attempts >= attempts) return bury(delivery)
    const outcome = await (delivery.attempts > 0 ? again(delivery) : once(delivery, trx => runHandler(trx, delivery)))
    if (outcome.kind === 'failed') return counted(delivery, outcome.count, outcome.error)
    if (outcome.kind === 'early') return early(delivery, outcome)
    if (outcome.kind === 'repeat') return repeated(delivery)
    if (delivery.after < delivery.event.number - 1) warnOfGap(delivery)
    return handled(delivery, outcome, 'handled')
  }

  function warnOfGap({ event: { entity, key, number }, after }: Delivery) {
    const missing = number - after - 1
    telemetry.log.warn({ consumer, entity, key, after, missing }, 'events are missing: going on without them')
    outcomes.inc({ consumer, outcome: 'gap' })
  }

  /** Its predecessor is being handled elsewhere, or has failed, or will never come. */
  async function early(delivery: Delivery, { position, waiting }: Early): Promise<Verdict> {
    // Elsewhere somebody is at it, or has accepted another gap: it still waits.
    if (delivery.source === 'waiting') return letGo(delivery)
    const { previousAt } = delivery
    // Retention has taken what is missing: the consumer is new, or was away for long.
    const outOfRetention = previousAt !== null && Date.now() - previousAt.getTime() > streamMaxAgeMs + dayMs
    if (outOfRetention && waiting === 0) return process({ ...delivery, after: position })
    if (!options.mayKeep()) return { kind: 'release', ms: 5_000 }
    const outcome = await database.transaction(trx => keepEarly(trx, consumer, delivery))
    return outcome === 'kept' ? settle(delivery, 'early') : process(delivery)
  }

  async function repeated(delivery: Delivery): Promise<Verdict> {
    if (delivery.source === 'waiting') {
      await database.transaction(trx => forget(trx, consumer, delivery))
      return letGo(delivery)
    }
    if (delivery.replayOf !== null || !(await isLate(database.kysely, consumer, delivery.event))) {
      return settle(delivery, 'repeat')
    }
    // Handling it now would be out of order; dropping it would lose it. An operator decides.
    const report = reportOf(new Error('it arrived after its absence had been accepted'))
    await sendDeadLetter(delivery, { report, attempts: 0, firstFailedAt: new Date() })
    return settle(delivery, 'late')
  }

  async function sendDeadLetter(delivery: Delivery, failures: Failures): Promise<void> {
    const client = options.client()
    if (!client) throw new DeadLetterRefused('NATS is away')
    try {
      await publishDeadLetter(client, deadLetterOf(delivery, { service, consumer }, failures))
    } catch (cause) {
      throw new DeadLetterRefused('the dead letter was not taken', { cause })
    }
  }

  /** To the dead letters, and on to the key's next. Sent before the commit: between the two it may be sent again. */
  async function bury(delivery: Delivery): Promise<Verdict> {
    const outcome = await once(delivery, async trx => {
      const failures = await failuresOf(trx, consumer, delivery)
      if (failures) await sendDeadLetter(delivery, failures)
    })
    if (outcome.kind === 'repeat') return repeated(delivery)
    // Found early, it waits in the database already.
    if (outcome.kind === 'early') return settle(delivery, 'early')
    telemetry.log.error({ consumer, event: delivery.event }, 'an event was given up: it is with the dead letters')
    return handled(delivery, outcome, 'dead')
  }

  async function failed(delivery: Delivery, error: unknown): Promise<Verdict> {
    const count = await database.transaction(trx => keepFailed(trx, consumer, delivery, reportOf(error), backoffMs))
    return counted(delivery, count, error)
  }

  async function counted(delivery: Delivery, count: number | null, error: unknown): Promise<Verdict> {
    const { event } = delivery
    if (count === null) return repeated(delivery)
    outcomes.inc({ consumer, outcome: 'failed' })
    telemetry.log.warn({ err: error, consumer, event, attempts: count }, 'an event could not be handled')
    // From here on it is safe in the database, and the server can forget it.
    letGo(delivery)
    return count >= attempts ? bury(delivery) : done
  }

  /** What is nobody's fault is no attempt. */
  async function recover(delivery: Delivery, error: unknown): Promise<Verdict> {
    if (error instanceof Outdated) return letGo(delivery)
    const cause = error instanceof HandlerFailed ? error.cause : error
    if (isTransient(cause)) return { kind: 'release', ms: 50 + Math.random() * 100 }
    if (isConnectionError(cause)) {
      options.onUnavailable(cause)
      return { kind: 'release', ms: 1_000 }
    }
    if (error instanceof DeadLetterRefused) return { kind: 'release', ms: 2_000 }
    // A wait for a key that another replica holds, or for a lock of the house's own statements.
    if (!(error instanceof HandlerFailed) && isTimeout(error)) return { kind: 'release', ms: 500 }
    return failed(delivery, cause)
  }

  function giveUp(delivery: Delivery, error: unknown): Verdict {
    if (isConnectionError(error)) options.onUnavailable(error)
    else if (error instanceof DeadLetterRefused) telemetry.log.warn({ err: error, consumer }, 'a dead letter waits')
    else telemetry.log.error({ err: error, consumer, event: delivery.event }, 'a delivery could not be settled')
    return { kind: 'release', ms: 1_000 }
  }

  return delivery =>
    process(delivery)
      .catch(error => recover(delivery, error))
      .catch(error => giveUp(delivery, error))
}
