import type { NatsConnection } from '@nats-io/transport-node'
import { trace as otel, SpanKind } from '@opentelemetry/api'
import { type Database, isConnectionError, isTimeout, isTransient } from '@portico/database'
import { consumerSpan, extractTrace, type Telemetry, withSpan } from '@portico/telemetry'
import type { Transaction } from 'kysely'
import { attemptOf, countFailure, dueInMs, failuresOf, forgetFailures, reportOf } from './attempts.ts'
import { deadLetterOf, publishDeadLetter } from './dead-letters.ts'
import type { Delivery } from './delivery.ts'
import { acceptGap, forgetGap, gapIsOld, isLate } from './gaps.ts'
import type { Handler } from './handler.ts'
import { type Claim, claim, claimReplay } from './inbox.ts'
import type { Verdict } from './lanes.ts'
import { streamMaxAgeMs } from './streams.ts'

export interface ProcessOptions<Tables> {
  consumer: string
  service: string
  database: Database<Tables>
  telemetry: Telemetry
  handlers: ReadonlyMap<string, Handler<Tables>>
  attempts: number
  backoffMs: readonly number[]
  gapWaitMs: number
  client: () => NatsConnection | null
  /** A transaction was committed; it may have added events. */
  onHandled: () => void
  /** The database is away. */
  onUnavailable: (error: unknown) => void
}

const done: Verdict = { kind: 'done' }
/** How long an event whose predecessor is elsewhere is kept in hand before it is given back. */
const holdMs = 1_000
const dayMs = 24 * 60 * 60 * 1_000

/** The handler's own failure; everything else that is thrown is the house's. */
class HandlerFailed extends Error {
  constructor(cause: unknown) {
    super('the handler failed', { cause })
  }
}
class DeadLetterRefused extends Error {}

/** Looks at one delivery: handles it, or says why not yet. Never rejects. */
export function createProcess<Tables>(options: ProcessOptions<Tables>): (delivery: Delivery) => Promise<Verdict> {
  const { consumer, service, database, telemetry, handlers, attempts, backoffMs, gapWaitMs } = options
  const outcomes = telemetry.metrics.counter('portico_events_handled_total', 'Deliveries by what became of them', [
    'consumer',
    'outcome',
  ])

  function settle(delivery: Delivery, outcome: string): Verdict {
    delivery.ack()
    outcomes.inc({ consumer, outcome })
    return done
  }

  /** The claim, the handler and the record in one transaction; `after` above the usual when a gap is accepted. */
  function attempt(delivery: Delivery, after?: number): Promise<Claim> {
    const { event, replayOf } = delivery
    return database.transaction(async trx => {
      const claimed = await claimFor(trx, delivery, after)
      if (claimed.kind !== 'next') return claimed
      if (after !== undefined) await acceptGap(trx, consumer, event, after)
      await runHandler(trx, delivery)
      if (delivery.deliveries > 1) await forgetFailures(trx, consumer, attemptOf(event, replayOf))
      return claimed
    })
  }

  async function claimFor(trx: Transaction<Tables>, { event, replayOf }: Delivery, after?: number): Promise<Claim> {
    if (replayOf === null) return claim(trx, consumer, event, after)
    return (await claimReplay(trx, consumer, replayOf)) ? { kind: 'next' } : { kind: 'repeat' }
  }

  async function runHandler(trx: Transaction<Tables>, delivery: Delivery): Promise<void> {
    const handler = handlers.get(delivery.event.subject)
    if (!handler) return
    const work = () => handler.run(delivery.payload(), { trx, event: delivery.event })
    try {
      await inSpan(telemetry, consumer, delivery, work)
    } catch (cause) {
      throw new HandlerFailed(cause)
    }
  }

  async function lookAt(delivery: Delivery): Promise<Verdict> {
    if (delivery.deliveries > 1 && (await isSpent(delivery))) return bury(delivery)
    const claimed = await attempt(delivery)
    if (claimed.kind === 'early') return early(delivery, claimed.position)
    if (claimed.kind === 'repeat') return repeated(delivery)
    return handled(delivery)
  }

  function handled(delivery: Delivery): Verdict {
    options.onHandled()
    return settle(delivery, 'handled')
  }

  async function isSpent({ event, replayOf }: Delivery): Promise<boolean> {
    const failures = await failuresOf(database.kysely, consumer, attemptOf(event, replayOf))
    return failures !== null && failures.attempts >= attempts
  }

  async function repeated(delivery: Delivery): Promise<Verdict> {
    if (delivery.replayOf !== null || !(await isLate(database.kysely, consumer, delivery.event))) {
      return settle(delivery, 'repeat')
    }
    // Handling it now would be out of order; dropping it would lose it. An operator decides.
    const report = reportOf(new Error('it arrived after its absence had been accepted'))
    await sendDeadLetter(delivery, { report, attempts: 0, firstFailedAt: new Date() })
    return settle(delivery, 'late')
  }

  /** Its predecessor is being handled elsewhere, or has failed, or will never come. */
  async function early(delivery: Delivery, position: number): Promise<Verdict> {
    const { event, previousAt } = delivery
    const dueMs = await dueInMs(database.kysely, consumer, event)
    if (dueMs !== null && dueMs > -gapWaitMs) return { kind: 'release', ms: Math.max(dueMs, 150) + 50 }
    // Retention has taken what is missing: a consumer that is new, or was away for long.
    const outOfRetention = previousAt !== null && Date.now() - previousAt.getTime() > streamMaxAgeMs + dayMs
    if (outOfRetention) return acceptingGap(delivery, position, 'retention')
    const heldMs = performance.now() - delivery.receivedAt
    if (heldMs < holdMs) return { kind: 'hold', ms: heldMs < 100 ? 20 : 100 }
    if (await gapIsOld(database.kysely, consumer, event, position, gapWaitMs)) {
      return acceptingGap(delivery, position, 'waited')
    }
    return { kind: 'release', ms: Math.min(1_000, gapWaitMs / 4) }
  }

  async function acceptingGap(delivery: Delivery, position: number, reason: string): Promise<Verdict> {
    const { entity, key, number } = delivery.event
    const claimed = await attempt(delivery, position)
    if (claimed.kind !== 'next') return { kind: 'release', ms: 50 }
    const missing = number - position - 1
    telemetry.log.warn(
      { consumer, entity, key, after: position, missing, reason },
      'events are missing: going on without',
    )
    outcomes.inc({ consumer, outcome: 'gap' })
    return handled(delivery)
  }

  async function sendDeadLetter(delivery: Delivery, failure: Parameters<typeof deadLetterOf>[2]): Promise<void> {
    const client = options.client()
    if (!client) throw new DeadLetterRefused('NATS is away')
    try {
      await publishDeadLetter(client, deadLetterOf(delivery, { service, consumer }, failure))
    } catch (cause) {
      throw new DeadLetterRefused('the dead letter was not taken', { cause })
    }
  }

  /** To the dead letters, and on to the key's next. Sent before the commit: between the two it may be sent again. */
  async function bury(delivery: Delivery): Promise<Verdict> {
    const counted = attemptOf(delivery.event, delivery.replayOf)
    const buried = await database.transaction(async trx => {
      const claimed = await claimFor(trx, delivery)
      if (claimed.kind !== 'next') return claimed
      const failure = await failuresOf(trx, consumer, counted)
      if (failure) await sendDeadLetter(delivery, failure)
      await forgetFailures(trx, consumer, counted)
      return claimed
    })
    if (buried.kind === 'early') return early(delivery, buried.position)
    telemetry.log.error({ consumer, event: delivery.event }, 'an event was given up: it is with the dead letters')
    return settle(delivery, 'dead')
  }

  async function failed(delivery: Delivery, error: unknown): Promise<Verdict> {
    const { event, replayOf } = delivery
    const counted = attemptOf(event, replayOf)
    const failure = await countFailure(database.kysely, consumer, counted, reportOf(error), backoffMs)
    outcomes.inc({ consumer, outcome: 'failed' })
    telemetry.log.warn({ err: error, consumer, event, attempts: failure.attempts }, 'an event could not be handled')
    return failure.attempts >= attempts ? bury(delivery) : { kind: 'release', ms: failure.delayMs }
  }

  async function recover(delivery: Delivery, error: unknown): Promise<Verdict> {
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

  return delivery =>
    lookAt(delivery)
      .then(verdict => (verdict === done ? forgetPassedGap(delivery, verdict) : verdict))
      .catch(error => recover(delivery, error))
      .catch((error: unknown) => {
        if (isConnectionError(error)) options.onUnavailable(error)
        else telemetry.log.error({ err: error, consumer, event: delivery.event }, 'a delivery could not be settled')
        return { kind: 'release', ms: 1_000 }
      })

  async function forgetPassedGap(delivery: Delivery, verdict: Verdict): Promise<Verdict> {
    // Only what came late can have been waited for.
    if (delivery.deliveries > 1) await forgetGap(database.kysely, consumer, delivery.event).catch(() => {})
    return verdict
  }
}

/** A child of the span that produced the event. A replay belongs to the trace of whoever asked for it, and links. */
function inSpan(telemetry: Telemetry, consumer: string, delivery: Delivery, work: () => Promise<void>): Promise<void> {
  const { event, trace, origin, replayOf } = delivery
  const options = { subject: event.subject, messageId: event.id, key: event.key, consumer }
  if (replayOf === null) return consumerSpan(telemetry.tracer, trace, options, work)
  const produced = otel.getSpanContext(extractTrace(origin))
  return withSpan(
    telemetry.tracer,
    `process ${event.subject}`,
    {
      kind: SpanKind.CONSUMER,
      parent: extractTrace(trace),
      links: produced ? [{ context: produced }] : [],
      attributes: {
        'messaging.system': 'nats',
        'messaging.consumer.group.name': consumer,
        'portico.replay_of': replayOf,
      },
    },
    work,
  )
}
