import { randomUUID } from 'node:crypto'
import type { EventDefinition, Role, ServiceContract } from '@portico/contracts'
import { contentContract } from '@portico/contracts/content'
import { notificationContract } from '@portico/contracts/notification'
import { userContract } from '@portico/contracts/user'
import { openDatabase } from '@portico/database'
import { createSigner, generateKeyPair, type Principal } from '@portico/identity'
import { connectBus, createRelay, messagingMigrations, outbox } from '@portico/messaging'
import { silentTelemetry } from '@portico/telemetry'
import { type TestScope, testDatabase, testNats, testStreams } from '@portico/testkit'
import type { Static, TSchema } from 'typebox'
import { createApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { createConsumers } from '../src/consumers.ts'
import { type Context, createContext, migrations } from '../src/context.ts'
import { type SmtpSink, startSmtpSink } from './smtp-sink.ts'

export interface Answered {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came
  json: any
}

export interface Notification {
  contexts: Context[]
  smtp: SmtpSink
  /** Sends one request over HTTP as whoever is named. */
  call(method: string, path: string, as?: Principal, body?: object | string): Promise<Answered>
  /** Tells an event as its service would: through an outbox and a relay. */
  tell<Schema extends TSchema>(definition: EventDefinition<Schema>, payload: Static<Schema>): Promise<void>
}

/** Two replicas of the service in this process, and the two services it listens to as far as their outboxes go. */
export async function startNotification(t: TestScope): Promise<Notification> {
  const [keys, { url, migrationUrl }, nats, smtp] = await Promise.all([
    generateKeyPair(),
    testDatabase(t, { service: 'notification', migrations }),
    testNats(t),
    startSmtpSink(t),
  ])
  testStreams(t, nats.url, [userContract, contentContract, notificationContract])
  const config = readConfig({
    DATABASE_URL: url,
    DATABASE_MIGRATION_URL: migrationUrl,
    DATABASE_POOL: '12',
    NATS_URL: nats.url,
    IDENTITY_JWKS: JSON.stringify(keys.jwks),
    SMTP_URL: smtp.url,
    MAIL_FROM: 'Portico <portico@localhost>',
    PUBLIC_URL: 'https://portico.example',
  })
  const telemetry = silentTelemetry()
  const contexts = [await createContext(config, { telemetry }), await createContext(config, { telemetry })]
  const parts = contexts.map(context => ({ context, consumers: createConsumers(context) }))
  const [first] = contexts as [Context]
  const app = await createApp(first)
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  t.after(async () => {
    await app.close()
    for (const { context, consumers } of parts) {
      await consumers.stop()
      await context.sender.stop()
      await context.mailer.close()
      await context.relay.stop()
      await context.bus.close()
      await context.database.close()
    }
  })
  const tellers = new Map<string, Notification['tell']>()
  for (const contract of [userContract, contentContract])
    tellers.set(contract.name, await startTeller(t, contract, nats.url))
  for (const { context, consumers } of parts) {
    context.relay.start()
    consumers.start()
    context.sender.start()
  }
  const { sign } = await createSigner({ privateJwk: keys.privateJwk, issuer: 'user', lifetimeMs: 60_000 })

  async function call(method: string, path: string, as?: Principal, body?: object | string): Promise<Answered> {
    const response = await fetch(new URL(path, base), {
      method,
      headers: {
        ...(as ? { authorization: `Bearer ${(await sign(as)).token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, json: text === '' ? null : JSON.parse(text) }
  }
  return {
    contexts,
    smtp,
    call,
    tell: async (definition, payload) => tellers.get(definition.service)?.(definition, payload),
  }
}

async function startTeller(t: TestScope, contract: ServiceContract, natsUrl: string): Promise<Notification['tell']> {
  const telemetry = silentTelemetry()
  const { url } = await testDatabase(t, { service: contract.name, migrations: [messagingMigrations] })
  const database = openDatabase<object>({ url, applicationName: 'teller', poolSize: 3, telemetry })
  const bus = await connectBus({ servers: [natsUrl], name: `${contract.name}-teller`, telemetry })
  const relay = createRelay({ database, bus, contract, telemetry })
  relay.start()
  t.after(async () => {
    await relay.stop()
    await bus.close()
    await database.close()
  })
  return async (definition, payload) => {
    await database.transaction(trx => outbox(trx).add(definition, payload))
    relay.wake()
  }
}

let people = 0

/** Somebody with an account; a new one each time. */
export function person(role: Role = 'author'): Principal {
  people += 1
  return { userId: randomUUID(), role, sessionId: randomUUID(), handle: `person-${people}`, scopes: null }
}
