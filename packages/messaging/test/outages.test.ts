import { deepStrictEqual } from 'node:assert'
import { jetstreamManager } from '@nats-io/jetstream'
import { openDatabase } from '@portico/database'
import { silentTelemetry } from '@portico/telemetry'
import { privatePostgres, stopwatch, testDatabase, testStreams } from '@portico/testkit'
import { sql } from 'kysely'
import t from 'tap'
import { handle, listDeadLetters, messagingMigrations, republish } from '../src/index.ts'
import {
  eventually,
  move,
  openHouse,
  openParty,
  openTestDatabase,
  record,
  type Scope,
  startConsumer,
  stepsOf,
  type Tables,
  ThingMoved,
  watcher,
} from './house.ts'

t.test('NATS is not there when the processes start: they write, and 10 s after it came all has arrived', async t => {
  const { nats, sender, receiver, relay } = await openHouse(t, { natsRuns: false })
  startConsumer(t, receiver)
  t.notOk(sender.bus.isConnected())
  for (let step = 1; step <= 50; step++) {
    await move(sender, [
      { thing: 'a', step },
      { thing: 'b', step },
    ])
  }
  await eventually(() => relay.ageMs() > 0)
  await nats.start()
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), await stepsOf(sender, 'commits')), {
    withinMs: 10_000,
  })
  await eventually(() => relay.ageMs() === 0)
})

t.test('NATS is killed and comes back with its streams', async t => {
  const { nats, sender, receiver } = await openHouse(t)
  startConsumer(t, receiver)
  let step = 0
  for (let round = 0; round < 3; round++) {
    for (let count = 0; count < 20; count++) await move(sender, [{ thing: 'a', step: ++step }])
    await nats.kill()
    for (let count = 0; count < 20; count++) await move(sender, [{ thing: 'a', step: ++step }])
    await nats.start()
  }
  const expected = Array.from({ length: step }, (_, index) => index + 1)
  await eventually(async () => deepStrictEqual((await stepsOf(receiver, 'effects')).a, expected), { withinMs: 10_000 })
})

t.test('NATS stops answering without closing its connections', async t => {
  const { nats, sender, receiver } = await openHouse(t)
  startConsumer(t, receiver)
  await move(sender, [{ thing: 'a', step: 1 }])
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [1] }))
  nats.pause()
  using tookMs = stopwatch()
  await move(sender, [{ thing: 'a', step: 2 }])
  t.ok(tookMs() < 3_000, 'writers do not wait for it')
  await new Promise(resolve => setTimeout(resolve, 4_000))
  nats.resume()
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [1, 2] }), { withinMs: 20_000 })
})

t.test('NATS loses its disk: streams are made anew and filled from the outbox, without anyone', async t => {
  const { nats, sender, receiver, receiverUrl } = await openHouse(t)
  const consumer = startConsumer(t, receiver)
  for (let step = 1; step <= 10; step++) await move(sender, [{ thing: 'a', step }])
  await eventually(async () => deepStrictEqual((await stepsOf(receiver, 'effects')).a?.length, 10))
  await consumer.stop()
  for (let step = 11; step <= 20; step++) await move(sender, [{ thing: 'a', step }])
  await eventually(() => isOutboxEmpty(sender))

  await nats.wipe()
  await nats.start()
  const again = await openParty(t, { nats: nats.url, database: receiverUrl, name: 'watcher-2' })
  startConsumer(t, again)
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), await stepsOf(sender, 'commits')), {
    withinMs: 20_000,
  })

  // A consumer that comes new finds the whole history again.
  const fresh = await openParty(t, {
    nats: nats.url,
    database: await openTestDatabase(t, 'newcomer'),
    name: 'newcomer-1',
  })
  testStreams(t, nats.url, [{ ...watcher, name: 'newcomer' }])
  startConsumer(t, fresh, { service: 'newcomer' })
  await eventually(async () => deepStrictEqual(await stepsOf(fresh, 'effects'), await stepsOf(sender, 'commits')))
})

t.test('NATS loses the end of a stream that it had acknowledged', async t => {
  const { nats, sender, receiver } = await openHouse(t)
  for (let step = 1; step <= 10; step++) await move(sender, [{ thing: 'a', step }])
  await eventually(() => isOutboxEmpty(sender))
  // As after a power failure: the stream is as old as before, and shorter than what was acknowledged.
  await sql`update outbox set stream_sequence = stream_sequence + 4`.execute(sender.database.kysely)
  await sql`update outbox_streams set last_sequence = last_sequence + 4`.execute(sender.database.kysely)
  await nats.kill()
  await nats.start()
  await eventually(async () => {
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from outbox where stream_sequence > 10`.execute(sender.database.kysely)
    deepStrictEqual(rows[0]?.count, 0)
  })
  startConsumer(t, receiver)
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), await stepsOf(sender, 'commits')))
})

t.test('an operator has events published again; nobody does anything twice', async t => {
  const { sender, receiver, relay } = await openHouse(t)
  startConsumer(t, receiver)
  for (let step = 1; step <= 10; step++) await move(sender, [{ thing: 'a', step }])
  await eventually(async () => deepStrictEqual((await stepsOf(receiver, 'effects')).a?.length, 10))
  const client = await sender.bus.whenConnected(AbortSignal.timeout(1_000))
  await (await jetstreamManager(client)).streams.purge('MOVER')
  t.equal(await republish(sender.database, sender.bus, { since: new Date(Date.now() - 60_000) }), 10)
  relay.wake()
  await eventually(() => isOutboxEmpty(sender))
  await move(sender, [{ thing: 'a', step: 11 }])
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), await stepsOf(sender, 'commits')))
})

t.test('the database of a consumer is away for longer than its attempts would last', async t => {
  const house = await openHouse(t)
  const { sender, nats } = house
  const server = await privatePostgres(t)
  const migrations = [messagingMigrations, new URL('./migrations/', import.meta.url)]
  const { url } = await testDatabase(t, { service: 'watcher', migrations, server })
  const receiver = await openParty(t, { nats: nats.url, database: url, name: 'watcher-9' })
  startConsumer(t, receiver, { attempts: 2, backoffMs: [50] })
  await move(sender, [{ thing: 'a', step: 1 }])
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [1] }))

  await server.kill()
  for (let step = 2; step <= 40; step++) await move(sender, [{ thing: `${step % 2 ? 'a' : 'b'}`, step }])
  await new Promise(resolve => setTimeout(resolve, 3_000))
  await server.start()
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), await stepsOf(sender, 'commits')), {
    withinMs: 30_000,
  })
  t.same(await listDeadLetters(receiver.bus), [], 'no attempt was counted')
  const { rows } = await sql`select from inbox_waiting where attempts > 0`.execute(receiver.database.kysely)
  t.equal(rows.length, 0)
})

t.test('a connection lost in the middle of a handler is no failure of the handler', async t => {
  const { sender, receiver, receiverUrl } = await openHouse(t)
  let tries = 0
  startConsumer(t, receiver, {
    attempts: 1,
    on: [
      handle<typeof ThingMoved.schema, Tables>(ThingMoved, async (payload, handling) => {
        await record.run(payload, handling)
        if (++tries === 1) await killOthers(t, receiverUrl)
        await sql`select 1`.execute(handling.trx)
      }),
    ],
  })
  await move(sender, [{ thing: 'a', step: 1 }])
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [1] }), { withinMs: 20_000 })
  t.equal(tries, 2)
  t.same(await listDeadLetters(receiver.bus), [])
})

async function killOthers(t: Scope, url: string): Promise<void> {
  const database = openDatabase<Tables>({ url, applicationName: 'killer', poolSize: 1, telemetry: silentTelemetry() })
  t.after(() => database.close())
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`.execute(database.kysely)
}

async function isOutboxEmpty({ database }: Parameters<typeof move>[0]): Promise<boolean> {
  const { rows } = await sql`select from outbox where published_at is null limit 1`.execute(database.kysely)
  return rows.length === 0
}
