import { deepStrictEqual } from 'node:assert'
import { jetstreamManager } from '@nats-io/jetstream'

import { sql } from 'kysely'
import t from 'tap'
import { consume, handle, outbox } from '../src/index.ts'
import {
  eventually,
  type House,
  move,
  openHouse,
  openParty,
  type Party,
  record,
  startConsumer,
  stepsOf,
  type Tables,
  ThingMoved,
  ThingVanished,
} from './house.ts'

const options = ({ receiver }: House) => ({ name: 'steps', service: 'watcher', from: 'mover.thing', ...receiver })

t.test('what cannot be right is refused before it starts', async t => {
  const house = await openHouse(t, { natsRuns: false })
  t.throws(() => consume<Tables>({ ...options(house), name: 'Steps!', on: [] }), /consumer name/)
  t.throws(() => consume<Tables>({ ...options(house), from: 'mover.other', on: [record] }), /no event of mover.other/)
  t.throws(() => consume<Tables>({ ...options(house), on: [record, record] }), /two handlers/)
  const first = consume<Tables>({ ...options(house), on: [record] })
  t.throws(() => consume<Tables>({ ...options(house), name: 'others', on: [record] }), /has a consumer already/)
  await first.stop()
  t.doesNotThrow(() => consume<Tables>({ ...options(house), name: 'others', on: [record] }))
})

t.test('events nobody handles count in the order of their key all the same', async t => {
  const { sender, receiver } = await openHouse(t)
  startConsumer(t, receiver)
  await move(sender, [{ thing: 'a', step: 1 }])
  await sender.database.transaction(trx => outbox(trx).add(ThingVanished, { thing: 'a' }))
  await move(sender, [{ thing: 'a', step: 3 }])
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [1, 3] }))
})

t.test('a handler’s own events leave with its transaction, at once', async t => {
  const { sender, receiver, relay } = await openHouse(t)
  let woken = 0
  startConsumer(t, receiver, { relay: { wake: () => void woken++ } })
  await move(sender, [{ thing: 'a', step: 1 }])
  relay.wake()
  await eventually(() => woken === 1)
  t.pass()
})

t.test('stopping lets the handler that runs end, and leaves the rest to another replica', async t => {
  const { nats, sender, receiver, receiverUrl } = await openHouse(t)
  let begin: () => void = () => {}
  const begun = new Promise<void>(resolve => {
    begin = resolve
  })
  let end: () => void = () => {}
  const ended = new Promise<void>(resolve => {
    end = resolve
  })
  const consumer = startConsumer(t, receiver, {
    on: [
      handle<typeof ThingMoved.schema, Tables>(ThingMoved, async (payload, handling) => {
        begin()
        await ended
        await record.run(payload, handling)
      }),
    ],
  })
  for (const step of [1, 2, 3]) await move(sender, [{ thing: 'a', step }])
  await begun
  const stopping = consumer.stop()
  const second = await openParty(t, { nats: nats.url, database: receiverUrl, name: 'watcher-2' })
  startConsumer(t, second)
  end()
  await stopping
  t.same((await stepsOf(receiver, 'effects')).a?.[0], 1)
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [1, 2, 3] }), {
    withinMs: 20_000,
  })
})

t.test('a consumer deleted behind its back is made anew', async t => {
  const { sender, receiver } = await openHouse(t)
  const consumer = startConsumer(t, receiver)
  await move(sender, [{ thing: 'a', step: 1 }])
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [1] }))
  const { consumers } = await jetstreamManager(await receiver.bus.whenConnected(AbortSignal.timeout(5_000)))
  await consumers.delete('MOVER', 'watcher_mover_thing')
  await move(sender, [{ thing: 'a', step: 2 }])
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [1, 2] }), { withinMs: 20_000 })
  await eventually(() => consumer.lag() === 0)
})

t.test('lag counts what is in the stream and what waits', async t => {
  const { sender, receiver } = await openHouse(t)
  let broken = true
  const consumer = startConsumer(t, receiver, {
    attempts: 99,
    backoffMs: [200],
    on: [
      handle<typeof ThingMoved.schema, Tables>(ThingMoved, async (payload, handling) => {
        if (broken) throw new Error('not yet')
        await record.run(payload, handling)
      }),
    ],
  })
  for (const step of [1, 2, 3]) await move(sender, [{ thing: 'a', step }])
  await eventually(() => consumer.lag() === 3)
  await eventually(async () => deepStrictEqual(await waitingIn(receiver), 3))
  const { body } = await receiver.telemetry.metrics.page()
  t.match(body, /^portico_consumer_lag\{consumer="steps"\} 3$/m)
  broken = false
  await eventually(() => consumer.lag() === 0)
})

async function waitingIn({ database }: Party): Promise<number> {
  const { rows } = await sql`select from inbox_waiting`.execute(database.kysely)
  return rows.length
}
