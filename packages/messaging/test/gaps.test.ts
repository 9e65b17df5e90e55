import { deepStrictEqual } from 'node:assert'

import { sql } from 'kysely'
import t from 'tap'
import { handle, listDeadLetters } from '../src/index.ts'
import {
  eventually,
  type House,
  move,
  openHouse,
  type Party,
  record,
  startConsumer,
  stepsOf,
  type Tables,
  ThingMoved,
} from './house.ts'

/** Writes steps of a thing and lets all but some be forgotten before they are told. */
async function moveWithout({ sender }: House, thing: string, steps: number, lost: readonly number[]): Promise<void> {
  await sender.database.transaction(async trx => {
    // The relay's own lock: it sees nothing before the gap is made.
    await sql`select pg_advisory_xact_lock(hashtextextended('portico.relay', 0))`.execute(trx)
    for (let step = 1; step <= steps; step++) await move(sender, [{ thing, step }])
    await sql`update outbox set published_at = now() where key = ${thing} and number = any(${lost}::int[])`.execute(trx)
  })
}

const waitMs = (from: number) => performance.now() - from

t.test('an event that will not come is waited for, and then done without', async t => {
  const house = await openHouse(t)
  const { sender, receiver } = house
  startConsumer(t, receiver, { gapWaitMs: 2_500 })
  await moveWithout(house, 'a', 5, [2, 3])
  const from = performance.now()
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [1] }))
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [1, 4, 5] }), {
    withinMs: 30_000,
  })
  t.ok(waitMs(from) >= 2_500, 'not before the wait was over')
  t.same(await tableOf(receiver, 'inbox_waiting'), [])

  // What comes after its absence was accepted is neither lost nor handled out of order.
  await sql`update outbox set published_at = null where number = 2`.execute(sender.database.kysely)
  const [letter] = await eventually(async () => {
    const letters = await listDeadLetters(receiver.bus)
    deepStrictEqual(letters.length, 1)
    return letters
  })
  t.match(letter, { event: { key: 'a', number: 2 }, payload: { step: 2 }, error: { message: /absence/ } })
  t.same(await stepsOf(receiver, 'effects'), { a: [1, 4, 5] })
})

t.test('an event that comes in time closes the gap', async t => {
  const house = await openHouse(t)
  const { sender, receiver } = house
  startConsumer(t, receiver, { gapWaitMs: 60_000 })
  await moveWithout(house, 'a', 4, [2])
  await eventually(async () => deepStrictEqual((await tableOf(receiver, 'inbox_waiting')).length, 2))
  t.same(await stepsOf(receiver, 'effects'), { a: [1] })
  await sql`update outbox set published_at = null where number = 2`.execute(sender.database.kysely)
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [1, 2, 3, 4] }))
  t.same(await tableOf(receiver, 'inbox_waiting'), [])
})

t.test('a consumer that is new does not wait for what retention has taken', async t => {
  const house = await openHouse(t)
  const { sender, receiver } = house
  await moveWithout(house, 'a', 3, [1, 2])
  // As if the two had been written before the stream's whole memory; the third is told anew with what it knows of them.
  await sql`update outbox set previous_at = now() - interval '9 days', published_at = null where number = 3`.execute(
    sender.database.kysely,
  )
  await sql`delete from outbox where number < 3`.execute(sender.database.kysely)
  startConsumer(t, receiver, { gapWaitMs: 600_000 })
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [3] }))
  t.pass('at once')
})

t.test('a poison event is no gap, however long it takes', async t => {
  const house = await openHouse(t)
  const { sender, receiver } = house
  let broken = true
  startConsumer(t, receiver, {
    gapWaitMs: 300,
    attempts: 100,
    backoffMs: [400],
    on: [
      handle<typeof ThingMoved.schema, Tables>(ThingMoved, async (payload, handling) => {
        if (broken) throw new Error('not yet')
        await record.run(payload, handling)
      }),
    ],
  })
  for (let step = 1; step <= 3; step++) await move(sender, [{ thing: 'a', step }])
  await eventually(
    async () => {
      const { rows } = await sql<{ attempts: number }>`select attempts from inbox_waiting where attempts >= 4`.execute(
        receiver.database.kysely,
      )
      deepStrictEqual(rows.length, 1)
    },
    { withinMs: 20_000 },
  )
  t.same(await tableOf(receiver, 'inbox_gaps'), [])
  broken = false
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [1, 2, 3] }))
})

async function tableOf({ database }: Party, table: string): Promise<unknown[]> {
  return (await sql`select * from ${sql.table(table)}`.execute(database.kysely)).rows
}
