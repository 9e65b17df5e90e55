import { deepStrictEqual } from 'node:assert'
import { context, trace } from '@opentelemetry/api'
import { createTelemetry, injectTrace, type Telemetry, withSpan } from '@portico/telemetry'
import { type CapturedSpan, capturedSpans } from '@portico/testkit'
import { sql } from 'kysely'
import t from 'tap'
import { handle, listDeadLetters, outbox, replayDeadLetter } from '../src/index.ts'
import {
  eventually,
  openHouse,
  openParty,
  record,
  type Scope,
  startConsumer,
  stepsOf,
  type Tables,
  ThingMoved,
} from './house.ts'

async function openTraced(t: Scope) {
  const captured = await capturedSpans(t)
  const house = await openHouse(t)
  const telemetryOf = (service: string) =>
    createTelemetry({
      service,
      instance: `${service}-1`,
      version: '0',
      otlpUrl: captured.url,
      logLevel: 'silent',
      processMetrics: false,
    })
  const party = (service: string, database: string) =>
    openParty(t, { nats: house.nats.url, database, name: `${service}-traced`, telemetry: telemetryOf(service) })
  const sender = await party('mover', house.senderUrl)
  const receiver = await party('watcher', house.receiverUrl)
  return { captured, sender, receiver, relay: house.relay }
}

/** A request that moves a thing; answers its trace's id. */
async function request(sender: Awaited<ReturnType<typeof openTraced>>['sender'], thing: string): Promise<string> {
  const { tracer } = sender.telemetry
  return withSpan(tracer, 'POST /things', {}, async span => {
    await sender.database.transaction(trx => outbox(trx, sender.telemetry).add(ThingMoved, { thing, step: 1 }))
    return span.spanContext().traceId
  })
}

const called = (spans: readonly CapturedSpan[], name: string) => {
  const found = spans.filter(span => span.name === name)
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} spans are called ${name}`)
  return found[0]
}
const flush = (...telemetries: Telemetry[]) => Promise.all(telemetries.map(telemetry => telemetry.flush()))

t.test('request, event, handler and its SQL are one trace', async t => {
  const { captured, sender, receiver } = await openTraced(t)
  startConsumer(t, receiver)
  const traceId = await request(sender, 'a')
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [1] }))

  const spans = await eventually(
    async () => {
      await flush(sender.telemetry, receiver.telemetry)
      const found = captured.spans().filter(span => span.traceId === traceId)
      called(found, 'INSERT effects')
      return found
    },
    { withinMs: 20_000 },
  )
  const root = called(spans, 'POST /things')
  const producer = called(spans, 'publish mover.thing.moved.v1')
  const consumer = called(spans, 'process mover.thing.moved.v1')
  const statement = called(spans, 'INSERT effects')
  t.match(producer, { kind: 'producer', service: 'mover', parentSpanId: root.spanId })
  t.match(consumer, { kind: 'consumer', service: 'watcher', parentSpanId: producer.spanId })
  t.same(consumer.links, [{ traceId, spanId: producer.spanId }])
  t.match(statement, { kind: 'client', service: 'watcher', parentSpanId: consumer.spanId })
  t.match(consumer.attributes, {
    'messaging.system': 'nats',
    'messaging.destination.name': 'mover.thing.moved.v1',
    'messaging.consumer.group.name': 'steps',
  })
  const ids = new Set(spans.map(span => span.spanId))
  t.same(
    spans.filter(span => span.parentSpanId !== null && !ids.has(span.parentSpanId)),
    [],
    'no span hangs in the air',
  )
})

t.test('an event that was told without a span, or waited, is traced where it is handled', async t => {
  const { captured, sender, receiver } = await openTraced(t)
  let broken = true
  startConsumer(t, receiver, {
    attempts: 3,
    backoffMs: [100],
    on: [
      handle<typeof ThingMoved.schema, Tables>(ThingMoved, async (payload, handling) => {
        if (broken) throw new Error('not yet')
        await record.run(payload, handling)
      }),
    ],
  })
  const traceId = await request(sender, 'a')
  const letter = await eventually(
    async () => {
      const [found] = await listDeadLetters(receiver.bus)
      if (!found) throw new Error('none yet')
      return found
    },
    { withinMs: 20_000 },
  )
  t.match(letter.trace.traceparent, traceId)
  broken = false
  const replayTrace = await withSpan(receiver.telemetry.tracer, 'replay', {}, async span => {
    await replayDeadLetter(receiver.bus, letter.sequence)
    return span.spanContext().traceId
  })
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [1] }))
  await flush(sender.telemetry, receiver.telemetry)

  const tries = captured
    .spans()
    .filter(span => span.traceId === traceId && span.name === 'process mover.thing.moved.v1')
  t.equal(tries.length, 3)
  t.ok(tries.every(span => span.status === 'error'))
  const replay = await eventually(() => {
    const found = captured.spans().filter(span => span.traceId === replayTrace)
    return called(found, 'process mover.thing.moved.v1')
  })
  t.match(replay, { links: [{ traceId }] })
})

t.test('without a tracer the handler is a child of whatever was active', async t => {
  const { sender, receiver } = await openTraced(t)
  const seen: (string | undefined)[] = []
  startConsumer(t, receiver, {
    on: [
      handle<typeof ThingMoved.schema, Tables>(ThingMoved, async (_, { trx }) => {
        await sql`select 1`.execute(trx)
        seen.push(trace.getSpanContext(context.active())?.traceId, injectTrace().traceparent?.split('-')[1])
      }),
    ],
  })
  const traceId = await withSpan(sender.telemetry.tracer, 'job', {}, async span => {
    await sender.database.transaction(trx => outbox(trx).add(ThingMoved, { thing: 'a', step: 1 }))
    return span.spanContext().traceId
  })
  await eventually(() => seen.length === 2)
  t.same(seen, [traceId, traceId])
})
