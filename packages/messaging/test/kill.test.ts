import { deepStrictEqual } from 'node:assert'
import { type StartedProcess, startProcess, testNats, testStreams } from '@portico/testkit'
import { sql } from 'kysely'
import t from 'tap'
import {
  eventually,
  move,
  openParty,
  openTestDatabase,
  type Party,
  parties,
  type Scope,
  startConsumer,
  stepsOf,
} from './house.ts'

const things = ['a', 'b', 'c', 'd', 'e', 'f']

t.test('replicas that are killed at any moment lose, double and reorder nothing', { timeout: 150_000 }, async t => {
  const nats = await testNats(t)
  testStreams(t, nats.url, parties)
  const [senderUrl, receiverUrl] = await Promise.all([openTestDatabase(t, 'mover'), openTestDatabase(t, 'watcher')])
  const sender = await openParty(t, { nats: nats.url, database: senderUrl, name: 'writer' })
  const receiver = await openParty(t, { nats: nats.url, database: receiverUrl, name: 'reader' })
  const replicas = await Promise.all(
    ['relay-1', 'relay-2', 'consumer-1', 'consumer-2'].map(NAME => {
      const ROLE = NAME.split('-')[0] ?? ''
      return mortal(t, { ROLE, NAME, NATS: nats.url, DATABASE: ROLE === 'relay' ? senderUrl : receiverUrl })
    }),
  )

  // A replacement takes as long as the machine lets it: what is counted is kills, and written is while they last.
  const kills = replicas.length + 2
  const over = new AbortController()
  const writing = writeOn(sender, over.signal)
  for (let kill = 0; kill < kills; kill++) await replicas[kill % replicas.length]?.killAndReplace()
  over.abort()
  const written = await writing
  t.ok(written >= 100, `${written} transactions meanwhile`)
  await nats.kill()
  await nats.start()
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), await stepsOf(sender, 'commits')), {
    withinMs: 60_000,
    everyMs: 200,
  })
  t.pass(`what was committed between ${kills} kills was handled once, in order`)
})

const mostWritten = 5_000

/** 3 transactions at a time, a third of them rolled back. @returns how many */
async function writeOn(sender: Party, signal: AbortSignal): Promise<number> {
  let step = 0
  const writer = async () => {
    while (!signal.aborted && step < mostWritten) {
      const mine = ++step
      const moves = things.filter((_, index) => (mine >> index) % 3 === 0).map(thing => ({ thing, step: mine }))
      await move(sender, moves, { abort: mine % 3 === 0, pauseMs: mine % 4 })
    }
  }
  await Promise.all([writer(), writer(), writer()])
  return step
}

/** A process that is replaced when it is killed, once it was at work for a moment. */
async function mortal(t: Scope, env: Record<string, string>) {
  const start = async () => {
    const started = await startProcess(t, { main: new URL('./replica.ts', import.meta.url), env })
    await started.line(/ready/, 60_000)
    return started
  }
  let current: StartedProcess = await start()
  return {
    async killAndReplace() {
      current.kill('SIGKILL')
      await current.exited
      current = await start()
    },
  }
}

t.test('an event whose handler was killed is handled by another replica', async t => {
  const nats = await testNats(t)
  testStreams(t, nats.url, parties)
  const [senderUrl, receiverUrl] = await Promise.all([openTestDatabase(t, 'mover'), openTestDatabase(t, 'watcher')])
  const sender = await openParty(t, { nats: nats.url, database: senderUrl, name: 'writer' })
  const receiver = await openParty(t, { nats: nats.url, database: receiverUrl, name: 'reader' })
  await startProcess(t, {
    main: new URL('./replica.ts', import.meta.url),
    env: { ROLE: 'relay', NAME: 'relay-1', NATS: nats.url, DATABASE: senderUrl },
  })
  const env = { ROLE: 'consumer', NAME: 'consumer-1', NATS: nats.url, DATABASE: receiverUrl }
  const first = await startProcess(t, { main: new URL('./replica.ts', import.meta.url), env })
  await move(sender, [{ thing: 'a', step: 1 }])
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [1] }), { withinMs: 30_000 })

  // Whoever holds this lock keeps the handler in the middle of its transaction.
  await receiver.database.transaction(async trx => {
    await sql`lock table effects in exclusive mode`.execute(trx)
    await move(sender, [{ thing: 'a', step: 2 }])
    await eventually(async () => {
      const { rows } = await sql`
        select from pg_stat_activity where application_name = 'consumer-1' and wait_event_type = 'Lock'
          and datname = current_database()`.execute(trx)
      return rows.length > 0
    })
    first.kill('SIGKILL')
    await first.exited
  })
  startConsumer(t, receiver)
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [1, 2] }), { withinMs: 20_000 })
  t.pass('once, after the acknowledgement ran out')
})
