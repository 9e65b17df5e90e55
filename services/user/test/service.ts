import { createHash, randomBytes } from 'node:crypto'
import { type EventDefinition, internalHeaders, type Payload } from '@portico/contracts'
import { VerificationRequested } from '@portico/contracts/user'
import { generateKeyPair } from '@portico/identity'
import { silentTelemetry } from '@portico/telemetry'
import { type TestScope, testDatabase, testNats } from '@portico/testkit'
import { createApp } from '../src/app.ts'
import { type Config, readConfig } from '../src/config.ts'
import { type Context, createContext, migrations } from '../src/context.ts'

/** Good enough for any rule, and nobody's. */
export const goodPassword = 'marmot under the violet sofa'

export interface CallOptions {
  body?: unknown
  /** A session's token, exchanged as the gateway does. */
  as?: string | undefined
  headers?: Record<string, string>
  address?: string
}

export interface Called {
  status: number
  headers: Record<string, unknown>
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
  body: any
}

export interface Replica {
  context: Context
  call(method: Verb, url: string, options?: CallOptions): Promise<Called>
  stop(): Promise<void>
}
type Verb = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** A clock that stands still until it is told to move. */
export function testClock(start = new Date()) {
  let now = start.getTime()
  const clock = () => new Date(now)
  const advance = (ms: number) => {
    now += ms
  }
  return Object.assign(clock, { advance })
}
export type TestClock = ReturnType<typeof testClock>

export interface Service extends Replica {
  config: Config
  clock: TestClock
  /** The operator's secrets, of which the service knows the hashes. */
  operatorToken: string
  ticket: string
  /** The superuser's URL of the database. */
  adminUrl: string
  /** One more replica on the same database and bus. */
  replica(): Promise<Replica>
}

const secret = (prefix: string) => `${prefix}_${randomBytes(32).toString('base64url')}`
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** The whole service on a database and a bus of its own. */
export async function startService(t: TestScope, env: Record<string, string> = {}): Promise<Service> {
  const [database, nats, keys] = await Promise.all([
    testDatabase(t, { service: 'user', migrations }),
    testNats(t),
    generateKeyPair(),
  ])
  const operatorToken = secret('pto')
  const ticket = secret('ptt')
  const config = readConfig({
    DATABASE_URL: database.url,
    DATABASE_MIGRATION_URL: database.migrationUrl,
    DATABASE_POOL: '5',
    NATS_URL: nats.url,
    IDENTITY_JWKS: JSON.stringify(keys.jwks),
    IDENTITY_PRIVATE_JWK: JSON.stringify(keys.privateJwk),
    OPERATOR_TOKEN_HASH: sha256(operatorToken),
    OPERATOR_TICKET_HASH: sha256(ticket),
    ...env,
  })
  const clock = testClock()
  const replica = () => startReplica(t, config, clock)
  return { ...(await replica()), config, clock, operatorToken, ticket, adminUrl: database.adminUrl, replica }
}

async function startReplica(t: TestScope, config: Config, clock: TestClock): Promise<Replica> {
  const context = await createContext(config, { clock, telemetry: silentTelemetry() })
  const app = await createApp(context)
  context.relay.start()
  context.revocations.start()
  let stopped = false
  async function stop() {
    if (stopped) return
    stopped = true
    await app.close()
    await context.resetMailer.stop()
    await context.revocations.stop()
    await context.relay.stop()
    await context.bus.close()
    await context.database.close()
  }
  t.after(stop)

  async function call(method: Verb, url: string, { body, as, headers = {}, address = '192.0.2.1' }: CallOptions = {}) {
    const authorization = as === undefined ? {} : { authorization: `Bearer ${await internalTokenOf(as)}` }
    const payload = body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }
    const typed = body === undefined ? {} : { 'content-type': 'application/json' }
    const answer = await app.inject({
      method,
      url,
      headers: {
        [internalHeaders.clientAddress]: address,
        'user-agent': 'test',
        ...typed,
        ...authorization,
        ...headers,
      },
      ...payload,
    })
    const isJson = String(answer.headers['content-type']).includes('json')
    return {
      status: answer.statusCode,
      headers: answer.headers,
      text: answer.body,
      body: isJson ? answer.json() : null,
    }
  }

  async function internalTokenOf(token: string): Promise<string> {
    const exchanged = await call('POST', '/internal/sessions/exchange', { body: { token } })
    return exchanged.status === 200 ? exchanged.body.internalToken : 'refused'
  }

  return { context, call, stop }
}

/** Whether the session still opens the door, as the gateway asks. */
export async function isSignedIn({ call }: Replica, token: string): Promise<boolean> {
  const { status } = await call('POST', '/internal/sessions/exchange', { body: { token } })
  return status === 200
}

/** The events of one kind that the service has written, in order. */
export async function eventsOf<Definition extends EventDefinition>(
  { context }: Replica,
  { subject }: Definition,
): Promise<Payload<Definition>[]> {
  const rows = await outboxRows(context, subject)
  return rows.map(({ payload }) => payload as Payload<Definition>)
}

function outboxRows({ database }: Context, subject: string) {
  return database.kysely
    .withTables<{ outbox: { subject: string; payload: unknown; sequence: number } }>()
    .selectFrom('outbox')
    .select('payload')
    .where('subject', '=', subject)
    .orderBy('sequence')
    .execute()
}

export interface Person {
  id: string
  email: string
  handle: string
  accessToken: string
  refreshToken: string
  sessionId: string
}

let people = 0

/** Somebody who signed up and verified, by mail's token. */
export async function newPerson(replica: Replica, name = 'person'): Promise<Person> {
  const handle = `${name}${++people}`
  const email = `${handle}@example.com`
  const given = { email, handle, name: `The ${name}`, password: goodPassword }
  await replica.call('POST', '/v1/users', { body: given })
  const requested = await eventsOf(replica, VerificationRequested)
  const token = requested.find(event => event.email === email)?.token
  const { body } = await replica.call('POST', '/v1/users/verify', { body: { token } })
  const { accessToken, refreshToken, sessionId, user } = body
  return { id: user.id, email, handle, accessToken, refreshToken, sessionId }
}

/** One more session of a person. */
export async function signIn({ call }: Replica, { email }: Person): Promise<Pick<Person, 'accessToken' | 'sessionId'>> {
  const { body } = await call('POST', '/v1/sessions', { body: { email, password: goodPassword } })
  return body
}
