import { eventually } from '@portico/testkit'
import { sql } from 'kysely'
import { outbox } from '../src/index.ts'
import {
  type House,
  move,
  openHouse,
  openParty,
  type Party,
  startConsumer,
  startRelay,
  stepsOf,
  ThingMoved,
} from '../test/house.ts'

const events = 5_000
const singles = 300

/**
 * How many events a second each part moves, one process, real PostgreSQL and nats-server on the same machine: writers (a
 * transaction an event), the relay from a full outbox, the consumer from a full stream; and how long one event takes from
 * commit to commit when nothing else happens.
 */
export async function run(): Promise<void> {
  const closing: (() => unknown)[] = []
  try {
    await measure({ after: work => closing.unshift(work) })
  } finally {
    for (const close of closing) await close()
  }
}

async function measure(scope: { after(work: () => unknown): void }): Promise<void> {
  const { nats, relay, sender, senderUrl, receiver } = await openHouse(scope)
  await eventually(() => sender.bus.isConnected())
  await relay.stop()

  report('written by 8 writers', await perSecond(() => write(sender)))
  const second = await openParty(scope, { nats: nats.url, database: senderUrl, name: 'mover-2' })
  const relaying = startRelay(scope, second)
  report('relayed', await perSecond(() => eventually(() => isTold(sender), { withinMs: 120_000 })))
  startConsumer(scope, receiver)
  report('handled', await perSecond(() => eventually(() => isHandled(receiver, events), { withinMs: 120_000 })))
  await latency({ sender, receiver, relay: relaying })
}

async function perSecond(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await work()
  return Math.round((events * 1_000) / (performance.now() - from))
}

async function write({ database }: Party): Promise<void> {
  let step = 0
  const writer = async () => {
    while (step < events) {
      const mine = ++step
      await database.transaction(trx => outbox(trx).add(ThingMoved, { thing: `thing-${mine % 500}`, step: mine }))
    }
  }
  await Promise.all(Array.from({ length: 8 }, writer))
}

async function latency({ sender, receiver, relay }: Pick<House, 'sender' | 'receiver' | 'relay'>): Promise<void> {
  const tookMs: number[] = []
  for (let step = 1; step <= singles; step++) {
    await move(sender, [{ thing: 'alone', step }])
    const from = performance.now()
    relay.wake()
    await eventually(async () => (await stepsOf(receiver, 'effects', 'alone')).alone?.length === step, { everyMs: 0 })
    tookMs.push(performance.now() - from)
  }
  tookMs.sort((a, b) => a - b)
  const at = (share: number) => (tookMs[Math.floor(tookMs.length * share)] ?? 0).toFixed(1)
  console.log(`one event, commit to commit: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`)
}

async function isTold({ database }: Party): Promise<boolean> {
  const { rows } = await sql`select from outbox where published_at is null limit 1`.execute(database.kysely)
  return rows.length === 0
}

async function isHandled({ database }: Party, count: number): Promise<boolean> {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from effects`.execute(database.kysely)
  return rows[0]?.count === count
}

function report(what: string, rate: number): void {
  console.log(`${what.padEnd(22)} ${String(rate).padStart(6)} events/s`)
}
