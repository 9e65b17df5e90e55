import { SpanKind, trace } from '@opentelemetry/api'
import type { EventDefinition } from '@portico/contracts'
import { consumerSpan, extractTrace, type Telemetry, withSpan } from '@portico/telemetry'
import type { Transaction } from 'kysely'
import type { Static, TSchema } from 'typebox'
import type { Delivery, EventInfo } from './delivery.ts'
import { requireValid } from './validate.ts'

/** What a handler works with: whatever it writes with `trx` happens once, together with the record that it was handled. */
export interface Handling<Tables> {
  readonly trx: Transaction<Tables>
  readonly event: EventInfo
}

export interface Handler<Tables> {
  readonly definition: EventDefinition
  readonly run: (payload: unknown, handling: Handling<Tables>) => Promise<void>
}

/**
 * @example
 * handle(AccountActivated, async ({ userId, handle, name }, { trx }) => authorStore(trx).upsert({ userId, handle, name }))
 */
export function handle<Schema extends TSchema, Tables>(
  definition: EventDefinition<Schema>,
  work: (payload: Static<Schema>, handling: Handling<Tables>) => Promise<void>,
): Handler<Tables> {
  return {
    definition,
    async run(payload, handling) {
      requireValid(definition, payload)
      await work(payload, handling)
    },
  }
}

/**
 * Runs the handler in a CONSUMER span: a child of the span that produced the event, linked to it. A replay belongs to the
 * trace of whoever asked for it, and links to where the event came from.
 */
export function runTraced<Tables>(
  telemetry: Telemetry,
  consumer: string,
  handler: Handler<Tables>,
  delivery: Delivery,
  trx: Transaction<Tables>,
): Promise<void> {
  const { event, trace: carrier, origin, replayOf } = delivery
  const work = () => handler.run(delivery.payload(), { trx, event })
  const options = { subject: event.subject, messageId: event.id, key: event.key, consumer }
  if (replayOf === null) return consumerSpan(telemetry.tracer, carrier, options, work)
  const produced = trace.getSpanContext(extractTrace(origin))
  const attributes = {
    'messaging.system': 'nats',
    'messaging.operation.type': 'process',
    'messaging.destination.name': event.subject,
    'messaging.message.id': event.id,
    'messaging.consumer.group.name': consumer,
    'portico.replay_of': replayOf,
  }
  return withSpan(
    telemetry.tracer,
    `process ${event.subject}`,
    {
      kind: SpanKind.CONSUMER,
      parent: extractTrace(carrier),
      links: produced ? [{ context: produced }] : [],
      attributes,
    },
    work,
  )
}
