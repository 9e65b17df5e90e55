import { deepStrictEqual } from 'node:assert'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { defineEvent } from '@portico/contracts'

import { sql } from 'kysely'
import t from 'tap'
import { Type } from 'typebox'
import {
  discardDeadLetter,
  type Handler,
  handle,
  type ListedDeadLetter,
  listDeadLetters,
  outbox,
  replayDeadLetter,
} from '../src/index.ts'
import {
  eventually,
  type House,
  move,
  openHouse,
  openParty,
  record,
  startConsumer,
  stepsOf,
  type Tables,
  ThingMoved,
} from './house.ts'

const quick = { attempts: 3, backoffMs: [100, 200] }

/** Fails for the given step, as long as `broken` says so, and notes when it was tried; its third try waits for `third`. */
function poisoned(
  poison: number,
  broken: () => boolean,
  triedAt: number[] = [],
  third: Promise<void> = Promise.resolve(),
): Handler<Tables> {
  return handle<typeof ThingMoved.schema, Tables>(ThingMoved, async (payload, handling) => {
    // Written before the failure: it must not stay.
    await record.run(payload, handling)
    if (payload.step !== poison || !broken()) return
    triedAt.push(performance.now())
    if (triedAt.length === 3) await third
    throw new TypeError('this step cannot be taken', { cause: new Error('its reason') })
  })
}

async function oneDeadLetter({ receiver }: House): Promise<ListedDeadLetter> {
  return eventually(
    async () => {
      const [letter, ...others] = await listDeadLetters(receiver.bus)
      if (!letter || others.length > 0) throw new Error(`${others.length} others`)
      return letter
    },
    { withinMs: 30_000 },
  )
}

t.test('a poison event delays its own key, is given up after its attempts, and can be replayed once', async t => {
  const house = await openHouse(t)
  const { sender, receiver } = house
  let broken = true
  const triedAt: number[] = []
  const { promise: looked, resolve: giveUp } = Promise.withResolvers<void>()
  startConsumer(t, receiver, { ...quick, on: [poisoned(2, () => broken, triedAt, looked)] })

  for (const step of [1, 2, 3]) await move(sender, [{ thing: 'a', step }])
  for (const step of [1, 3, 4]) await move(sender, [{ thing: 'b', step }])
  await eventually(async () => deepStrictEqual((await stepsOf(receiver, 'effects')).b, [1, 3, 4]))
  t.same((await stepsOf(receiver, 'effects')).a, [1], 'the key waits, and others do not')
  giveUp()

  const letter = await oneDeadLetter(house)
  await eventually(async () => deepStrictEqual((await stepsOf(receiver, 'effects')).a, [1, 3]))
  t.match(letter, {
    service: 'watcher',
    consumer: 'steps',
    event: { subject: 'mover.thing.moved.v1', entity: 'mover.thing', key: 'a', number: 2 },
    payload: { thing: 'a', step: 2 },
    attempts: 3,
    error: { name: 'TypeError', message: 'this step cannot be taken', stack: /dead-letters\.test[\s\S]*its reason/ },
  })
  t.equal(triedAt.length, 3)
  t.ok((triedAt[1] ?? 0) - (triedAt[0] ?? 0) >= 100, 'the first delay')
  t.ok((triedAt[2] ?? 0) - (triedAt[1] ?? 0) >= 200, 'the second')

  broken = false
  await replayDeadLetter(receiver.bus, letter.sequence)
  await eventually(async () => deepStrictEqual((await stepsOf(receiver, 'effects')).a, [1, 3, 2]))
  t.same(await listDeadLetters(receiver.bus), [], 'it is off the list')
  await t.rejects(replayDeadLetter(receiver.bus, letter.sequence), /there is no dead letter/)
})

t.test('a replay is handled once, however often it is sent', async t => {
  const house = await openHouse(t)
  const { sender, receiver } = house
  let broken = true
  const consumer = startConsumer(t, receiver, { ...quick, attempts: 1, on: [poisoned(1, () => broken)] })
  await move(sender, [{ thing: 'a', step: 1 }])
  const letter = await oneDeadLetter(house)
  broken = false
  await replayDeadLetter(receiver.bus, letter.sequence)
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [1] }))

  await sendReplaysAgain(house)
  await move(sender, [{ thing: 'a', step: 8 }])
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [1, 8] }))
  // The repeat came before the last event's acknowledgement, or is about to: wait until nothing is left to handle.
  await eventually(() => consumer.lag() === 0)
  t.same(await stepsOf(receiver, 'effects'), { a: [1, 8] })
})

/** The replay's message once more, past JetStream's own window against repeats. */
async function sendReplaysAgain({ receiver }: House): Promise<void> {
  const client = receiver.bus.current()
  if (!client) throw new Error('NATS is away')
  const { streams } = await jetstreamManager(client)
  const message = await streams.getMessage('DEAD', { last_by_subj: 'replay.watcher.mover.thing' })
  if (!message) throw new Error('there was no replay')
  message.header.delete('Nats-Msg-Id')
  const { duplicate } = await jetstream(client).publish(message.subject, message.data, { headers: message.header })
  if (duplicate) throw new Error('JetStream took it for a repeat')
}

t.test('a replay that fails again is a dead letter again; one can be mended or discarded', async t => {
  const house = await openHouse(t)
  const { sender, receiver } = house
  startConsumer(t, receiver, { ...quick, attempts: 2, on: [poisoned(1, () => true)] })
  await move(sender, [{ thing: 'a', step: 1 }])
  const first = await oneDeadLetter(house)
  await replayDeadLetter(receiver.bus, first.sequence)
  const second = await eventually(
    async () => {
      const letter = await oneDeadLetter(house)
      if (letter.id === first.id) throw new Error('still the first')
      return letter
    },
    { withinMs: 20_000 },
  )
  t.equal(second.replayOf, first.id)
  t.equal(second.attempts, 2)
  await replayDeadLetter(receiver.bus, second.sequence, { payload: { thing: 'a', step: 5 } })
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [5] }), { withinMs: 20_000 })

  await move(sender, [{ thing: 'b', step: 1 }])
  const third = await oneDeadLetter(house)
  await discardDeadLetter(receiver.bus, third.sequence)
  t.same(await listDeadLetters(receiver.bus), [])
})

t.test('what does not fit the schema is given up like a failure, and what is no event is dropped', async t => {
  const house = await openHouse(t)
  const { sender, receiver } = house
  startConsumer(t, receiver, { ...quick, attempts: 2 })
  const Wrong = defineEvent(ThingMoved.subject, Type.Object({ thing: Type.String(), step: Type.String() }), {
    description: 'As a sender with another contract would tell it',
    key: ({ thing }) => thing,
  })
  await sender.database.transaction(trx => outbox(trx).add(Wrong, { thing: 'a', step: 'one' }))
  await move(sender, [{ thing: 'a', step: 2 }])
  const letter = await oneDeadLetter(house)
  t.match(letter, { error: { name: 'InvalidPayload', message: /\/step must be integer/ }, payload: { step: 'one' } })

  sender.bus.current()?.publish(ThingMoved.subject, '{')
  await move(sender, [{ thing: 'a', step: 3 }])
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [2, 3] }))
})

t.test('handlers of two replicas share the attempts', async t => {
  const house = await openHouse(t)
  const { sender, receiver, nats, receiverUrl } = house
  const other = await openParty(t, { nats: nats.url, database: receiverUrl, name: 'watcher-2' })
  const triedAt: number[] = []
  for (const party of [receiver, other]) {
    startConsumer(t, party, { ...quick, attempts: 4, on: [poisoned(1, () => true, triedAt)] })
  }
  await move(sender, [{ thing: 'a', step: 1 }])
  const letter = await oneDeadLetter(house)
  t.equal(letter.attempts, 4)
  t.equal(triedAt.length, 4)
})

t.test('many events behind a poison one wait without hindering others', async t => {
  const house = await openHouse(t)
  const { sender, receiver } = house
  let broken = true
  startConsumer(t, receiver, { attempts: 500, backoffMs: [300], on: [poisoned(0, () => broken)] })
  for (let step = 0; step < 120; step++) await move(sender, [{ thing: 'a', step }])
  for (let step = 1; step <= 20; step++) await move(sender, [{ thing: 'b', step }])
  await eventually(async () => deepStrictEqual((await stepsOf(receiver, 'effects')).b?.length, 20))
  t.equal((await stepsOf(receiver, 'effects')).a, undefined)
  broken = false
  await eventually(
    async () => {
      deepStrictEqual(
        (await stepsOf(receiver, 'effects')).a,
        Array.from({ length: 120 }, (_, step) => step),
      )
    },
    { withinMs: 20_000 },
  )
  const { rows } = await sql`select * from inbox_waiting`.execute(receiver.database.kysely)
  t.same(rows, [])
  const { rows: positions } = await sql`select waiting from inbox_positions where waiting <> 0`.execute(
    receiver.database.kysely,
  )
  t.same(positions, [])
})
