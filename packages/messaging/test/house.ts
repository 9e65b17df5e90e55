import { defineEvent } from '@portico/contracts'
import { type Database, openDatabase } from '@portico/database'
import { silentTelemetry, type Telemetry } from '@portico/telemetry'
import { type TestDatabase, type TestNats, testDatabase, testNats } from '@portico/testkit'
import { sql } from 'kysely'
import { Type } from 'typebox'
import { type Bus, connectBus, createRelay, messagingMigrations, outbox, type Relay } from '../src/index.ts'

type Scope = { after(work: () => unknown): void }
export type Tables = Record<never, never>

/** An event about a thing: `thing` is the key, `step` what happened to it. */
export const ThingMoved = defineEvent(
  'mover.thing.moved.v1',
  Type.Object({ thing: Type.String(), step: Type.Integer(), poison: Type.Optional(Type.Boolean()) }),
  { description: 'A thing moved', key: ({ thing }) => thing },
)
export const mover = { name: 'mover' }

export interface Party {
  bus: Bus
  database: Database<Tables>
  telemetry: Telemetry
}

export async function openParty(
  t: Scope,
  {
    nats,
    database,
    name,
    telemetry = silentTelemetry(),
  }: { nats: string; database: string; name: string; telemetry?: Telemetry },
): Promise<Party> {
  const bus = await connectBus({ servers: nats, name, telemetry })
  const opened = openDatabase<Tables>({ url: database, applicationName: name, poolSize: 8, telemetry })
  t.after(async () => {
    await bus.close()
    await opened.close()
    await telemetry.shutdown()
  })
  return { bus, database: opened, telemetry }
}

export interface House {
  nats: TestNats
  sender: Party
  senderUrl: string
  receiver: Party
  receiverUrl: string
  relay: Relay
}

/** NATS, one service that emits and one that listens, each with its database. */
export async function openHouse(t: Scope, { relayStarts = true } = {}): Promise<House> {
  const nats = await testNats(t)
  const [from, to] = await Promise.all([databaseOf(t, 'mover'), databaseOf(t, 'watcher')])
  const sender = await openParty(t, { nats: nats.url, database: from.url, name: 'mover-1' })
  const receiver = await openParty(t, { nats: nats.url, database: to.url, name: 'watcher-1' })
  const relay = createRelay({ ...sender, contract: mover })
  t.after(() => relay.stop())
  if (relayStarts) relay.start()
  return { nats, sender, senderUrl: from.url, receiver, receiverUrl: to.url, relay }
}

async function databaseOf(t: Scope, service: string): Promise<TestDatabase> {
  return testDatabase(t, { service, migrations: [messagingMigrations, new URL('./migrations/', import.meta.url)] })
}

/** One committed move. */
export async function move(
  { database }: Pick<Party, 'database'>,
  thing: string,
  step: number,
  poison = false,
): Promise<void> {
  await database.transaction(trx => outbox(trx).add(ThingMoved, { thing, step, ...(poison ? { poison } : {}) }))
}

/** The effects of a handler, in the order in which they were committed. */
export async function effectsIn({ database }: Pick<Party, 'database'>): Promise<{ thing: string; step: number }[]> {
  const { rows } = await sql<{ thing: string; step: number }>`select thing, step from effects order by place`.execute(
    database.kysely,
  )
  return rows
}
