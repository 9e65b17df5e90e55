import { type App, type Transact, unitOfWork } from '@portico/chassis'
import { notificationContract } from '@portico/contracts/notification'
import { type Database, databaseMigrations, migrate, openDatabase } from '@portico/database'
import { createVerifier, type Verifier } from '@portico/identity'
import { type Bus, connectBus, createRelay, messagingMigrations, type Relay } from '@portico/messaging'
import { createTelemetry, type Telemetry } from '@portico/telemetry'
import type { Transaction } from 'kysely'
import type { Config } from './config.ts'
import { bindReads, bindStores, type Reads, type Stores } from './db/stores.ts'
import type { Tables } from './db/tables.ts'
import { createMailer, type Mailer } from './mails/mailer.ts'
import { createRenderer } from './mails/render.ts'
import { createSender, type Sender } from './mails/sender.ts'

/** Everything long-lived: made here, handed to whoever needs it, closed in `main.ts`. */
export interface Context {
  readonly config: Config
  readonly clock: () => Date
  readonly telemetry: Telemetry
  readonly database: Database<Tables>
  readonly bus: Bus
  readonly relay: Relay
  readonly verifier: Verifier
  readonly mailer: Mailer
  readonly sender: Sender
  /** For reading: each statement by itself. */
  readonly reads: Reads
  /** For writing: one transaction with its stores, its events and, for a route, its Idempotency-Key. */
  readonly transact: Transact<Stores>
  /** The same stores in a transaction that somebody else began: a consumer's. */
  readonly storesOf: (trx: Transaction<Tables>) => Stores
}

/** How a feature registers an operation, and the service a feature. */
export type Route = (app: App, context: Context) => void

/** What a test puts in the place of the real thing. */
export interface Overrides {
  clock?: () => Date
  telemetry?: Telemetry
}

/** Everything the database is made of. */
export const migrations = [new URL('./db/migrations/', import.meta.url), databaseMigrations, messagingMigrations]

export async function createContext(config: Config, overrides: Overrides = {}): Promise<Context> {
  const { instance } = config
  const { name: service, version } = notificationContract
  const clock = overrides.clock ?? (() => new Date())
  const telemetry = overrides.telemetry ?? createTelemetry({ service, instance, version, ...config.telemetry })
  const { url, migrationUrl, poolSize } = config.database
  await migrate({ url: migrationUrl, folders: migrations, log: telemetry.log })
  const database = openDatabase<Tables>({ url, applicationName: instance, poolSize, telemetry })
  const bus = await connectBus({ ...config.nats, name: instance, telemetry })
  const relay = createRelay({ database, bus, contract: notificationContract, telemetry })
  const mailer = createMailer({ ...config.mail, telemetry })
  const render = await createRenderer(config.publicUrl)

  const storesOf = (trx: Transaction<Tables>) =>
    bindStores(trx, {
      telemetry,
      afterCommit: hook => database.afterCommit(trx, hook),
      wakeSender: () => sender.wake(),
    })
  const transact = unitOfWork({ database, stores: storesOf, relay })
  const sender = createSender({ transact, mailer, render, telemetry, clock })
  return {
    config,
    clock,
    telemetry,
    database,
    bus,
    relay,
    verifier: createVerifier({ jwks: config.jwks, cacheSize: 10_000 }),
    mailer,
    sender,
    reads: bindReads(database.kysely),
    transact,
    storesOf,
  }
}
