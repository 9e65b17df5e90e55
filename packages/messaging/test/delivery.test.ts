import { deepStrictEqual } from 'node:assert'

import fc from 'fast-check'
import { sql } from 'kysely'
import t from 'tap'
import { eventually, move, openHouse, openParty, type Party, startConsumer, startRelay, stepsOf } from './house.ts'

t.test('events arrive, each once, those of a key in order', async t => {
  const { sender, receiver, relay } = await openHouse(t)
  startConsumer(t, receiver)
  for (let step = 1; step <= 20; step++) {
    await move(sender, [
      { thing: 'a', step },
      { thing: 'b', step },
    ])
    relay.wake()
  }
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), await stepsOf(sender, 'commits')))
  const { rows } = await sql`select from outbox where published_at is null`.execute(sender.database.kysely)
  t.equal(rows.length, 0)
  await eventually(() => relay.ageMs() === 0)
})

const transaction = fc.record({
  things: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 }),
  abort: fc.boolean(),
  pauseMs: fc.integer({ min: 0, max: 12 }),
})
const fault = fc.record({
  kind: fc.constantFrom(
    'sender loses PostgreSQL',
    'receiver loses PostgreSQL',
    'everything is told twice',
    'NATS dies',
  ),
  afterMs: fc.integer({ min: 0, max: 250 }),
})

t.test('nothing is lost, doubled or reordered, whatever breaks', { timeout: 120_000 }, async t => {
  const house = await openHouse(t)
  const { nats, sender, receiver, senderUrl, receiverUrl } = house
  const second = {
    sender: await openParty(t, { nats: nats.url, database: senderUrl, name: 'mover-2' }),
    receiver: await openParty(t, { nats: nats.url, database: receiverUrl, name: 'watcher-2' }),
  }
  startRelay(t, second.sender)
  for (const party of [receiver, second.receiver]) startConsumer(t, party)

  let natsDies = Promise.resolve()
  const strike: Record<string, () => Promise<unknown>> = {
    'sender loses PostgreSQL': () => loseSessions(sender),
    'receiver loses PostgreSQL': () => loseSessions(receiver),
    'everything is told twice': () => sql`update outbox set published_at = null`.execute(sender.database.kysely),
    // One death after the other.
    'NATS dies': () => {
      natsDies = natsDies.then(nats.kill).then(nats.start)
      return natsDies
    },
  }
  let run = 0
  const property = fc.asyncProperty(
    fc.array(transaction, { minLength: 12, maxLength: 60 }),
    fc.array(fault, { maxLength: 4 }),
    async (transactions, faults) => {
      const prefix = `${++run}:`
      await Promise.all([
        writeAll([sender, second.sender], prefix, transactions),
        // One fault may hit the statement of another.
        ...faults.map(({ kind, afterMs }) => after(afterMs, () => strike[kind]?.()).catch(() => {})),
      ])
      await eventually(
        async () => {
          const expected = await stepsOf(sender, 'commits', prefix)
          const actual = await stepsOf(receiver, 'effects', prefix)
          if (JSON.stringify(sorted(actual)) !== JSON.stringify(sorted(expected))) {
            throw new Error(`${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`)
          }
        },
        { withinMs: 20_000, everyMs: 50 },
      )
    },
  )
  await fc.assert(property, { numRuns: 20, endOnFailure: true })
  t.pass(`${run} histories`)
})

/** Six writers at once, on two replicas. A transaction may fail because of a fault: what counts is what was committed. */
async function writeAll(senders: Party[], prefix: string, transactions: readonly Transaction[]): Promise<void> {
  const queue = [...transactions.entries()]
  const writers = Array.from({ length: 6 }, async (_, writer) => {
    const sender = senders[writer % senders.length]
    for (let next = queue.shift(); next && sender; next = queue.shift()) {
      const [step, { things, abort, pauseMs }] = next
      // In one order everywhere, as the outbox asks: otherwise it is deadlocks that are tested, a second each.
      const moves = things.toSorted().map(thing => ({ thing: prefix + thing, step }))
      await move(sender, moves, { abort, pauseMs, retries: 20 }).catch(() => {})
    }
  })
  await Promise.all(writers)
}
interface Transaction {
  things: string[]
  abort: boolean
  pauseMs: number
}

const sorted = (steps: Record<string, number[]>) => Object.entries(steps).sort(([a], [b]) => (a < b ? -1 : 1))
const after = (ms: number, work: () => unknown) => new Promise(resolve => setTimeout(resolve, ms)).then(work)

function loseSessions({ database }: Party): Promise<unknown> {
  return sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`.execute(database.kysely)
}
