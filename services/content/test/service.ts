import { randomUUID } from 'node:crypto'
import type { Role } from '@portico/contracts'
import { contentContract } from '@portico/contracts/content'
import { createSigner, generateKeyPair, type Principal } from '@portico/identity'
import { silentTelemetry } from '@portico/telemetry'
import { type TestNats, type TestScope, testDatabase, testNats, testStreams } from '@portico/testkit'
import { createApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { type Context, createContext, migrations } from '../src/context.ts'

export interface Call {
  as?: Principal | undefined
  /** Sent as JSON; a text is sent as it stands. */
  body?: unknown
  headers?: Record<string, string>
}

export interface Answered {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came
  body: any
}

export interface Content {
  context: Context
  nats: TestNats
  /** Sends one request over HTTP as whoever is named. */
  call(method: string, path: string, call?: Call): Promise<Answered>
}

/** The whole service in this process, on a database and a NATS of its own, listening on a free port. */
export async function startContent(t: TestScope, { clock }: { clock?: () => Date } = {}): Promise<Content> {
  const [keys, { url, migrationUrl }, nats] = await Promise.all([
    generateKeyPair(),
    testDatabase(t, { service: 'content', migrations }),
    testNats(t),
  ])
  testStreams(t, nats.url, [contentContract])
  const config = readConfig({
    DATABASE_URL: url,
    DATABASE_MIGRATION_URL: migrationUrl,
    DATABASE_POOL: '5',
    NATS_URL: nats.url,
    IDENTITY_JWKS: JSON.stringify(keys.jwks),
  })
  const context = await createContext(config, { telemetry: silentTelemetry(), ...(clock ? { clock } : {}) })
  const app = await createApp(context)
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  t.after(async () => {
    await app.close()
    await context.renderer.close()
    await context.relay.stop()
    await context.bus.close()
    await context.database.close()
  })
  const { sign } = await createSigner({ privateJwk: keys.privateJwk, issuer: 'user', lifetimeMs: 60_000 })

  async function call(method: string, path: string, { as, body, headers = {} }: Call = {}): Promise<Answered> {
    const token = as ? { authorization: `Bearer ${(await sign(as)).token}` } : {}
    const json = body === undefined ? {} : { 'content-type': 'application/json' }
    const response = await fetch(new URL(path, base), {
      method,
      redirect: 'manual',
      headers: { ...json, ...token, ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
  }
  return { context, nats, call }
}

let people = 0

/** Somebody with an account; a new one each time. */
export function person(role: Role = 'author'): Principal {
  people += 1
  return { userId: randomUUID(), role, sessionId: randomUUID(), handle: `person-${people}`, scopes: null }
}

/** A draft of theirs, with the ETag for the next write. */
export async function draftOf({ call }: Content, as: Principal, fields: Record<string, unknown> = {}) {
  const body = { title: 'Hello', body: 'Hello *you*', ...fields }
  const made = await call('POST', '/v1/posts', { as, body })
  if (made.status !== 201) throw new Error(`no draft: ${JSON.stringify(made.body)}`)
  return { ...made.body, etag: made.headers.get('etag') ?? '' }
}

/** A published post of theirs, with the ETag for the next write. */
export async function publishedPost(content: Content, as: Principal, fields: Record<string, unknown> = {}) {
  const { id } = await draftOf(content, as, fields)
  const { body, headers } = await content.call('POST', `/v1/posts/${id}/publish`, { as })
  return { ...body, etag: headers.get('etag') ?? '' }
}
