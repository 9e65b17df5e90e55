import type { Server } from 'node:http'
import type { DatabaseSync } from 'node:sqlite'
import type { App } from '@portico/chassis'
import { consoleContract } from '@portico/contracts/console'
import { createVerifier, type Verifier } from '@portico/identity'
import { type Bus, connectBus } from '@portico/messaging'
import { createTelemetry, type Telemetry } from '@portico/telemetry'
import type { SMTPServer } from 'smtp-server'
import type { Config } from './config.ts'
import { createReplicaList, type ReplicaList } from './live/replica-list.ts'
import { createMailStore, type MailStore } from './mailbox/mail-store.ts'
import { createMailServer } from './mailbox/smtp-server.ts'
import { type PageFile, readPageFiles } from './page/files.ts'
import { openState } from './state.ts'
import { createOtlpCodec } from './traces/otlp-protobuf.ts'
import { createReceiver } from './traces/receiver.ts'
import { createSpanStore, type SpanStore } from './traces/span-store.ts'

/** Everything long-lived: made here, handed to whoever needs it, closed in `main.ts`. */
export interface Context {
  readonly config: Config
  readonly clock: () => Date
  readonly telemetry: Telemetry
  readonly bus: Bus
  readonly verifier: Verifier
  readonly db: DatabaseSync
  readonly spans: SpanStore
  readonly mails: MailStore
  readonly replicas: ReplicaList
  readonly receiver: Server
  readonly mailServer: SMTPServer
  readonly pageFiles: ReadonlyMap<string, PageFile>
}

/** How a feature registers an operation, and the service a feature. */
export type Route = (app: App, context: Context) => void

/** What a test puts in the place of the real thing. */
export interface Overrides {
  clock?: () => Date
  telemetry?: Telemetry
}

export async function createContext(config: Config, overrides: Overrides = {}): Promise<Context> {
  const { instance } = config
  const { name: service, version } = consoleContract
  const clock = overrides.clock ?? (() => new Date())
  const telemetry = overrides.telemetry ?? createTelemetry({ service, instance, version, ...config.telemetry })
  const db = await openState(config.state)
  const spans = createSpanStore(db)
  const mails = createMailStore(db)
  const bus = await connectBus({ ...config.nats, name: instance, telemetry })
  return {
    config,
    clock,
    telemetry,
    bus,
    verifier: createVerifier({ jwks: config.jwks, cacheSize: 1_000 }),
    db,
    spans,
    mails,
    replicas: createReplicaList(clock),
    receiver: createReceiver({ store: spans, codec: createOtlpCodec(), log: telemetry.log }),
    mailServer: createMailServer({ store: mails, log: telemetry.log }),
    pageFiles: await readPageFiles(new URL('../web/', import.meta.url)),
  }
}
