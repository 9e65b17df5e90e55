import { type App, type Transact, unitOfWork } from '@portico/chassis'
import { ContentPurged, contentContract } from '@portico/contracts/content'
import { createCompiledQueries, type Database, databaseMigrations, migrate, openDatabase } from '@portico/database'
import { createVerifier, type Verifier } from '@portico/identity'
import { type Bus, connectBus, createRelay, messagingMigrations, type Relay } from '@portico/messaging'
import { createTelemetry, type Telemetry } from '@portico/telemetry'
import type { Transaction } from 'kysely'
import type { Config } from './config.ts'
import { bindReads, bindStores, type Reads, type Stores } from './db/stores.ts'
import type { Tables } from './db/tables.ts'
import { createRenderer, type Renderer } from './markdown/renderer.ts'
import { createTagNames } from './tags/tag-names.ts'

/** Everything long-lived: made here, handed to whoever needs it, closed in `main.ts`. */
export interface Context {
  readonly config: Config
  readonly clock: () => Date
  readonly telemetry: Telemetry
  readonly database: Database<Tables>
  readonly bus: Bus
  readonly relay: Relay
  readonly verifier: Verifier
  /** Of long texts, in a thread. */
  readonly renderer: Renderer
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

/** The service's own tables, and those of the packages it stands on. */
export const migrations = [new URL('./db/migrations/', import.meta.url), databaseMigrations, messagingMigrations]

export async function createContext(config: Config, overrides: Overrides = {}): Promise<Context> {
  const { instance } = config
  const { name: service, version } = contentContract
  const telemetry = overrides.telemetry ?? createTelemetry({ service, instance, version, ...config.telemetry })
  const { url, migrationUrl, poolSize } = config.database
  await migrate({ url: migrationUrl, folders: migrations, log: telemetry.log })
  const database = openDatabase<Tables>({ url, applicationName: instance, poolSize, telemetry })
  const bus = await connectBus({ ...config.nats, name: instance, telemetry })
  const relay = createRelay({ database, bus, contract: contentContract, telemetry })
  const verifier = createVerifier({ jwks: config.jwks, cacheSize: 10_000 })

  const memory = { tagNames: createTagNames({ limit: 100_000 }), queries: createCompiledQueries({ limit: 500 }) }
  const storesOf = (trx: Transaction<Tables>) =>
    bindStores(trx, {
      memory,
      telemetry,
      afterCommit: hook => database.afterCommit(trx, hook),
      purge: tags => bus.broadcast(ContentPurged, { tags }),
    })
  return {
    config,
    clock: overrides.clock ?? (() => new Date()),
    telemetry,
    database,
    bus,
    relay,
    verifier,
    renderer: createRenderer(),
    reads: bindReads(database.kysely, memory),
    transact: unitOfWork({ database, stores: storesOf, relay }),
    storesOf,
  }
}
