import { defineEvent } from '@portico/contracts'
import { type Database, openDatabase } from '@portico/database'
import { silentTelemetry, type Telemetry } from '@portico/telemetry'
import {
  type EventuallyOptions,
  type TestNats,
  testDatabase,
  testNats,
  testStreams,
  eventually as until,
} from '@portico/testkit'
import { sql } from 'kysely'
import { Type } from 'typebox'
import {
  type Bus,
  type ConsumeOptions,
  type Consumer,
  connectBus,
  consume,
  createRelay,
  type Handler,
  handle,
  messagingMigrations,
  outbox,
  type Relay,
} from '../src/index.ts'

/** With patience for a busy machine: what is promised by time says so where it is awaited. */
export const eventually = <T>(attempt: () => T | Promise<T>, options: EventuallyOptions = {}) =>
  until(attempt, { withinMs: 20_000, ...options })

export interface Scope {
  after(work: () => unknown): void
}
export type Tables = Record<never, never>

/** An event about a thing: `thing` is the key, `step` says which of its moves. */
export const ThingMoved = defineEvent(
  'mover.thing.moved.v1',
  Type.Object({ thing: Type.String(), step: Type.Integer() }),
  { description: 'A thing moved', key: ({ thing }) => thing },
)
export const ThingVanished = defineEvent('mover.thing.vanished.v1', Type.Object({ thing: Type.String() }), {
  description: 'A thing is gone',
  key: ({ thing }) => thing,
})
export const mover = { name: 'mover', emits: [ThingMoved, ThingVanished], listensTo: [] }
export const watcher = { name: 'watcher', emits: [], listensTo: ['mover.thing'] }
export const parties = [mover, watcher]

export interface Party {
  bus: Bus
  database: Database<Tables>
  telemetry: Telemetry
}

/** One process's connections. */
export async function openParty(
  t: Scope,
  options: { nats: string; database: string; name: string; telemetry?: Telemetry },
): Promise<Party> {
  const { nats, name, telemetry = silentTelemetry() } = options
  const bus = await connectBus({ servers: nats, name, telemetry })
  const database = openDatabase<Tables>({ url: options.database, applicationName: name, poolSize: 8, telemetry })
  t.after(async () => {
    await bus.close()
    await database.close()
    await telemetry.shutdown()
  })
  return { bus, database, telemetry }
}

export interface House {
  nats: TestNats
  senderUrl: string
  receiverUrl: string
  sender: Party
  receiver: Party
  relay: Relay
}

/** NATS, one service that emits and one that listens, each with its database. */
export async function openHouse(t: Scope, { natsRuns = true } = {}): Promise<House> {
  const nats = await testNats(t)
  if (!natsRuns) await nats.kill()
  testStreams(t, nats.url, parties)
  const [senderUrl, receiverUrl] = await Promise.all([openTestDatabase(t, 'mover'), openTestDatabase(t, 'watcher')])
  const sender = await openParty(t, { nats: nats.url, database: senderUrl, name: 'mover-1' })
  const receiver = await openParty(t, { nats: nats.url, database: receiverUrl, name: 'watcher-1' })
  const relay = startRelay(t, sender)
  return { nats, senderUrl, receiverUrl, sender, receiver, relay }
}

export async function openTestDatabase(t: Scope, service: string): Promise<string> {
  const migrations = [messagingMigrations, new URL('./migrations/', import.meta.url)]
  return (await testDatabase(t, { service, migrations })).url
}

export function startRelay(t: Scope, sender: Party): Relay {
  const relay = createRelay({ ...sender, contract: mover, pollMs: 200 })
  relay.start()
  t.after(() => relay.stop())
  return relay
}

/** Writes an effect for each event, in the handler's transaction. */
export const record: Handler<Tables> = handle<typeof ThingMoved.schema, Tables>(
  ThingMoved,
  async ({ thing, step }, { trx }) => {
    await sql`insert into effects (thing, step) values (${thing}, ${step})`.execute(trx)
  },
)

export function startConsumer(
  t: Scope,
  receiver: Party,
  options: Partial<Omit<ConsumeOptions<Tables>, keyof Party>> = {},
): Consumer {
  const consumer = consume<Tables>({
    name: 'steps',
    service: 'watcher',
    from: 'mover.thing',
    on: [record],
    ...receiver,
    ...options,
  })
  consumer.start()
  t.after(() => consumer.stop())
  return consumer
}

/** One transaction that moves things, each one step further, and takes down in which order it was committed. */
export async function move(
  { database }: Pick<Party, 'database'>,
  moves: readonly { thing: string; step: number }[],
  { abort = false, pauseMs = 0, retries = 0 } = {},
): Promise<void> {
  const work = database.transaction(
    async trx => {
      for (const { thing, step } of moves) {
        await outbox(trx).add(ThingMoved, { thing, step })
        if (pauseMs > 0) await new Promise(resolve => setTimeout(resolve, pauseMs))
        await sql`
          insert into commits (thing, place, step)
          select ${thing}::text, coalesce(max(place), 0) + 1, ${step}::int from commits where thing = ${thing}`.execute(
          trx,
        )
      }
      if (abort) throw new Aborted()
    },
    { retries },
  )
  await work.catch(error => {
    if (!(error instanceof Aborted)) throw error
  })
}
class Aborted extends Error {}

/** The steps of each thing, in order: as senders committed them, or as handlers' effects were. */
export async function stepsOf(
  { database }: Pick<Party, 'database'>,
  table: 'commits' | 'effects',
  prefix = '',
): Promise<Record<string, number[]>> {
  const { rows } = await sql<{ thing: string; step: number }>`
    select thing, step from ${sql.table(table)} where starts_with(thing, ${prefix}) order by place`.execute(
    database.kysely,
  )
  const steps: Record<string, number[]> = {}
  for (const { thing, step } of rows) {
    steps[thing] ??= []
    steps[thing].push(step)
  }
  return steps
}
