import { deepStrictEqual } from 'node:assert'
import { jetstream } from '@nats-io/jetstream'
import { defineEvent } from '@portico/contracts'
import { stopwatch } from '@portico/testkit'

import { sql } from 'kysely'
import t from 'tap'
import { Type } from 'typebox'
import { cleanMessaging, InvalidPayload, outbox, payloadLimitBytes } from '../src/index.ts'
import {
  eventually,
  move,
  openHouse,
  openParty,
  type Party,
  startConsumer,
  startRelay,
  stepsOf,
  ThingMoved,
} from './house.ts'

t.test('an event lives and dies with its transaction', async t => {
  const { sender, relay } = await openHouse(t)
  await relay.stop()
  await move(sender, [{ thing: 'a', step: 1 }], { abort: true })
  await move(sender, [
    { thing: 'a', step: 2 },
    { thing: 'a', step: 3 },
    { thing: 'b', step: 2 },
  ])
  const { rows } = await sql<{ key: string; number: number; payload: unknown }>`
    select key, number, payload from outbox order by sequence`.execute(sender.database.kysely)
  t.same(rows, [
    { key: 'a', number: 1, payload: { thing: 'a', step: 2 } },
    { key: 'a', number: 2, payload: { thing: 'a', step: 3 } },
    { key: 'b', number: 1, payload: { thing: 'b', step: 2 } },
  ])
})

t.test('what the contract does not allow, or nobody could carry, is refused', async t => {
  const { sender } = await openHouse(t)
  const Big = defineEvent('mover.thing.grew.v1', Type.Object({ thing: Type.String() }), {
    description: 'A long text',
    key: () => 'big',
  })
  const add = (work: Parameters<typeof sender.database.transaction<void>>[0]) => sender.database.transaction(work)
  await t.rejects(
    add(trx => outbox(trx).add(ThingMoved, { thing: 'a', step: 1.5 })),
    InvalidPayload,
  )
  const thing = '€'.repeat(payloadLimitBytes / 3)
  await t.rejects(
    add(trx => outbox(trx).add(Big, { thing })),
    RangeError,
  )
  await add(trx => outbox(trx).add(Big, { thing: thing.slice(100) }))
  await eventually(async () => {
    const { rows } = await sql`select from outbox where published_at is not null`.execute(sender.database.kysely)
    deepStrictEqual(rows.length, 1)
  })
})

t.test('keys and payloads may hold anything', async t => {
  const { sender, receiver } = await openHouse(t)
  startConsumer(t, receiver)
  const things = ['', ' outer ', 'line\r\nbreak', 'größe 🗝', 'a.b > *', '%20', 'x'.repeat(1_000)]
  await t.rejects(move(sender, [{ thing: '', step: 1 }]), TypeError, 'but a key must say something')
  for (const thing of things.slice(1)) {
    for (const step of [1, 2]) await move(sender, [{ thing, step }])
  }
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), await stepsOf(sender, 'commits')))
  t.equal(Object.keys(await stepsOf(receiver, 'effects')).length, 6)
})

t.test('the stream holds the events of a key in the order of their commits', async t => {
  const { nats, sender, senderUrl } = await openHouse(t)
  startRelay(t, await openParty(t, { nats: nats.url, database: senderUrl, name: 'mover-2' }))
  const writers = Array.from({ length: 6 }, async (_, writer) => {
    for (let step = 1; step <= 30; step++) {
      const moves = ['a', 'b', 'c'].map(thing => ({ thing, step: writer * 100 + step }))
      await move(sender, moves, { pauseMs: (step + writer) % 3, abort: step % 5 === 0 })
      if (writer === 0 && step % 10 === 0) await nats.kill().then(nats.start)
    }
  })
  await Promise.all(writers)
  const expected = await stepsOf(sender, 'commits')
  await eventually(async () => deepStrictEqual(await firstTold(sender, 6 * 24 * 3), expected), {
    withinMs: 20_000,
    everyMs: 200,
  })
})

/** The steps of each thing as the stream has them; of what it has twice, the first. */
async function firstTold({ bus }: Party, count: number): Promise<Record<string, number[]>> {
  const client = await bus.whenConnected(AbortSignal.timeout(5_000))
  const consumer = await jetstream(client).consumers.get('MOVER')
  const told: Record<string, number[]> = {}
  for await (const message of await consumer.fetch({ max_messages: count, expires: 1_000 })) {
    const { thing, step } = message.json<{ thing: string; step: number }>()
    told[thing] ??= []
    if (!told[thing].includes(step)) told[thing].push(step)
  }
  return told
}

t.test('a second relay takes over at once', async t => {
  const { nats, sender, senderUrl, relay } = await openHouse(t)
  const second = await openParty(t, { nats: nats.url, database: senderUrl, name: 'mover-2' })
  startRelay(t, second)
  await relay.stop()
  using tookMs = stopwatch()
  await move(sender, [{ thing: 'a', step: 1 }])
  await eventually(async () => {
    const { rows } = await sql`select from outbox where published_at is not null`.execute(sender.database.kysely)
    deepStrictEqual(rows.length, 1)
  })
  t.ok(tookMs() < 5_000)
})

t.test('its age is measured while NATS is away', async t => {
  const { sender, relay } = await openHouse(t, { natsRuns: false })
  t.equal(relay.ageMs(), 0)
  await move(sender, [{ thing: 'a', step: 1 }])
  await eventually(() => relay.ageMs() > 300)
  const { body } = await sender.telemetry.metrics.page()
  t.match(body, /^portico_outbox_age_seconds 0\.[3-9]/m)
})

t.test('cleaning keeps what a stream may still need, and what was never told', async t => {
  const { sender, receiver } = await openHouse(t)
  startConsumer(t, receiver)
  for (const thing of ['old', 'new', 'untold']) await move(sender, [{ thing, step: 1 }])
  await eventually(async () => deepStrictEqual(Object.keys(await stepsOf(receiver, 'effects')).length, 3))
  await sql`update outbox set created_at = now() - interval '12 days', published_at = now() - interval '12 days'
    where key = 'old'`.execute(sender.database.kysely)
  await sql`update outbox set created_at = now() - interval '9 days' where key = 'new'`.execute(sender.database.kysely)
  await sql`update inbox_positions set handled_at = now() - interval '60 days' where key = 'old'`.execute(
    receiver.database.kysely,
  )
  t.equal(await cleanMessaging(sender.database), 1)
  t.equal(await cleanMessaging(receiver.database), 1)
  t.equal(await cleanMessaging(sender.database), 0)
  const { rows } = await sql<{ key: string }>`select key from outbox order by key`.execute(sender.database.kysely)
  t.same(
    rows.map(({ key }) => key),
    ['new', 'untold'],
  )
  t.same((await sql`select from outbox_keys`.execute(sender.database.kysely)).rows.length, 3, 'numbers go on')

  // A key that speaks again after its position was forgotten.
  await sql`update outbox_keys set last_at = now() - interval '60 days' where key = 'old'`.execute(
    sender.database.kysely,
  )
  await move(sender, [{ thing: 'old', step: 2 }])
  await eventually(async () => deepStrictEqual((await stepsOf(receiver, 'effects')).old, [1, 2]))
})

t.test('large amounts are cleaned in bounded statements', async t => {
  const { sender } = await openHouse(t, { natsRuns: false })
  await sql`insert into outbox (id, entity, key, number, subject, payload, created_at, published_at)
    select gen_random_uuid(), 'mover.thing', 'k' || n, 1, 'mover.thing.moved.v1', '{}',
      now() - interval '20 days', now() - interval '20 days' from generate_series(1, 2500) n`.execute(
    sender.database.kysely,
  )
  t.equal(await cleanMessaging(sender.database), 2_500)
  const stopped = AbortSignal.abort()
  t.equal(await cleanMessaging(sender.database, { signal: stopped }), 0)
})
