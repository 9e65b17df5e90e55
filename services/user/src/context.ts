import { type App, type Transact as TransactOf, unitOfWork } from '@portico/chassis'
import { UserCachePurge, userContract } from '@portico/contracts/user'
import { type Database, databaseMigrations, migrate, openDatabase } from '@portico/database'
import { createSigner, createVerifier, type Signer, type Verifier } from '@portico/identity'
import { type Bus, connectBus, createRelay, messagingMigrations, type Relay } from '@portico/messaging'
import { createTelemetry, type Telemetry } from '@portico/telemetry'
import type { Transaction } from 'kysely'
import type { Config } from './config.ts'
import { bindReads, bindStores, type Reads, type Stores } from './db/stores.ts'
import type { Tables } from './db/tables.ts'
import { ensureOperator } from './operator/ensure-operator.ts'
import { readBlocklist } from './passwords/blocklist.ts'
import { createHasher, type Hasher } from './passwords/hasher.ts'
import type { Blocklist } from './passwords/policy.ts'
import { createResetMailer, type ResetMailer } from './passwords/reset-mailer.ts'
import { type SessionCookie, sessionCookie } from './sessions/cookie.ts'
import { revocationStore } from './sessions/revocation-store.ts'
import { createRevocations, type Revocations } from './sessions/revocations.ts'

export type { Stores } from './db/stores.ts'
export type Transact = TransactOf<Stores>

/** Everything long-lived: made here, handed to whoever needs it, closed in `main.ts`. */
export interface Context {
  readonly config: Config
  readonly clock: () => Date
  readonly telemetry: Telemetry
  readonly database: Database<Tables>
  readonly bus: Bus
  readonly relay: Relay
  readonly verifier: Verifier
  readonly signer: Signer
  readonly hasher: Hasher
  readonly blocklist: Blocklist
  readonly cookie: SessionCookie
  readonly revocations: Revocations
  readonly resetMailer: ResetMailer
  /** For reading: each statement by itself. */
  readonly reads: Reads
  /** For writing: one transaction with its stores, its events and, for a route, its Idempotency-Key. */
  readonly transact: Transact
}

/** Which part of a list is asked for. */
export interface PageRequest {
  limit: number
  cursor?: string | undefined
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
/** How long a signed principal is good for. A revocation is told sooner; this bounds what nobody could tell. */
const internalTokenMs = 60_000

export async function createContext(config: Config, overrides: Overrides = {}): Promise<Context> {
  const { instance } = config
  const { name: service, version } = userContract
  const clock = overrides.clock ?? (() => new Date())
  const telemetry = overrides.telemetry ?? createTelemetry({ service, instance, version, ...config.telemetry })
  const { url, migrationUrl, poolSize } = config.database
  await migrate({ url: migrationUrl, folders: migrations, log: telemetry.log })
  const database = openDatabase<Tables>({ url, applicationName: instance, poolSize, telemetry })
  const bus = await connectBus({ ...config.nats, name: instance, telemetry })
  const relay = createRelay({ database, bus, contract: userContract, telemetry })
  const revocations = createRevocations({ revocations: revocationStore(database.kysely), bus, clock, telemetry })
  const storesOf = (trx: Transaction<Tables>) =>
    bindStores(trx, {
      telemetry,
      afterCommit: hook => database.afterCommit(trx, hook),
      purge: tags => bus.broadcast(UserCachePurge, { tags }),
      tell: revocations.tell,
    })
  const transact = unitOfWork({ database, stores: storesOf, relay })
  await ensureOperator(transact, config.operator, clock())
  return {
    config,
    clock,
    telemetry,
    database,
    bus,
    relay,
    verifier: createVerifier({ jwks: config.jwks, cacheSize: 10_000 }),
    signer: await createSigner({ privateJwk: config.privateJwk, issuer: service, lifetimeMs: internalTokenMs, clock }),
    hasher: await createHasher(),
    blocklist: await readBlocklist(),
    cookie: sessionCookie(config.publicUrl),
    revocations,
    resetMailer: createResetMailer({ transact, clock, telemetry }),
    reads: bindReads(database.kysely),
    transact,
  }
}
