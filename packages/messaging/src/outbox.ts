import { type Tracer, trace } from '@opentelemetry/api'
import type { EventDefinition } from '@portico/contracts'
import { uuidv7 } from '@portico/database'
import { producerSpan } from '@portico/telemetry'
import { type QueryExecutorProvider, sql } from 'kysely'
import type { Static, TSchema } from 'typebox'
import { payloadLimitBytes } from './streams.ts'
import { requireValid } from './validate.ts'

export interface Outbox {
  /**
   * Writes the event into the caller's transaction: it is told if, and only if, the transaction commits.
   *
   * The key's row is locked until then, so that events of one key are numbered in the order of their commits, and two
   * transactions with events of one key run one after the other. One that adds events of several keys adds them in the
   * same order everywhere, or PostgreSQL ends one of two as a deadlock (40P01).
   *
   * Throws {@link InvalidPayload} when the payload is not what the contract says, a RangeError above
   * {@link payloadLimitBytes}.
   */
  add<Schema extends TSchema>(definition: EventDefinition<Schema>, payload: Static<Schema>): Promise<void>
}

/**
 * The outbox of one transaction. With the telemetry's tracer each event gets a PRODUCER span; without, what consumes it
 * is a child of the span that is active here.
 *
 * @example
 * stores: trx => ({ posts: postStore(trx), outbox: outbox(trx, telemetry) })
 */
export function outbox(trx: QueryExecutorProvider, telemetry?: { readonly tracer: Tracer }): Outbox {
  const tracer = telemetry?.tracer ?? trace.getTracer('portico')
  return {
    async add(definition, payload) {
      requireValid(definition, payload)
      const text = JSON.stringify(payload)
      if (Buffer.byteLength(text) > payloadLimitBytes) {
        throw new RangeError(`${definition.subject}: the payload is over ${payloadLimitBytes} bytes`)
      }
      const row = { id: uuidv7(), key: definition.key(payload), payload: text }
      if (row.key === '') throw new TypeError(`${definition.subject}: the key is empty`)
      const span = { subject: definition.subject, messageId: row.id, key: row.key }
      await producerSpan(tracer, span, headers => insert(trx, definition, { ...row, ...headers }))
    },
  }
}

interface Row {
  id: string
  key: string
  payload: string
  traceparent?: string
  tracestate?: string
}

/**
 * One statement. The number is taken first, and with it the key's lock; the row's `sequence` is drawn after that, from
 * the row the `with` returned. So within a key `sequence` ascends with `number`, which is all the relay needs.
 */
async function insert(trx: QueryExecutorProvider, { subject, entity }: EventDefinition, row: Row): Promise<void> {
  await sql`
    with numbered as (
      insert into outbox_keys as known (entity, key, last, last_at)
      values (${entity}, ${row.key}, 1, now())
      on conflict (entity, key)
      do update set last = known.last + 1, previous_at = known.last_at, last_at = now()
      returning last, previous_at
    )
    insert into outbox (id, entity, key, number, previous_at, subject, payload, traceparent, tracestate)
    select ${row.id}::uuid, ${entity}, ${row.key}, last, previous_at, ${subject}, ${row.payload}::json,
      ${row.traceparent ?? null}, ${row.tracestate ?? null}
    from numbered`.execute(trx)
}
