import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Role } from '@portico/contracts'
import { databaseMigrations } from '@portico/database'
import { createSigner, generateKeyPair, type Principal } from '@portico/identity'
import { messagingMigrations } from '@portico/messaging'
import { silentTelemetry } from '@portico/telemetry'
import { type TestScope, testDatabase, testNats } from '@portico/testkit'
import { createApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { type Context, createContext } from '../src/context.ts'

export interface Call {
  as?: Principal | undefined
  /** A form is sent as it is, all else as JSON. */
  body?: FormData | object | string
  headers?: Record<string, string>
}

export interface Answered {
  status: number
  headers: Headers
  bytes: Buffer
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came
  json: any
}

export interface FileService {
  context: Context
  natsUrl: string
  base: string
  /** Sends one request over HTTP as whoever is named. */
  call(method: string, path: string, call?: Call): Promise<Answered>
  /** Uploads some bytes and answers what is known of the file. */
  upload(as: Principal, bytes: string | Uint8Array, name?: string, fields?: Record<string, string>): Promise<Answered>
  tokenOf(principal: Principal): Promise<string>
}

const migrations = [new URL('../src/db/migrations/', import.meta.url), databaseMigrations, messagingMigrations]

/** The whole service in this process, on a database, a NATS and a folder of its own, listening on a free port. */
export async function startFileService(t: TestScope, quotaBytes = 10_000_000): Promise<FileService> {
  const [keys, { url, migrationUrl }, nats, root] = await Promise.all([
    generateKeyPair(),
    testDatabase(t, { service: 'file', migrations }),
    testNats(t),
    mkdtemp(join(tmpdir(), 'portico-files-')),
  ])
  const config = readConfig({
    DATABASE_URL: url,
    DATABASE_MIGRATION_URL: migrationUrl,
    DATABASE_POOL: '5',
    NATS_URL: nats.url,
    IDENTITY_JWKS: JSON.stringify(keys.jwks),
    FILE_ROOT: root,
    FILE_QUOTA_BYTES: String(quotaBytes),
  })
  const context = await createContext(config, { telemetry: silentTelemetry() })
  const app = await createApp(context)
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  t.after(async () => {
    await app.close()
    await context.images.close()
    await context.relay.stop()
    await context.bus.close()
    await context.database.close()
    await rm(root, { recursive: true, force: true })
  })
  const { sign } = await createSigner({ privateJwk: keys.privateJwk, issuer: 'user', lifetimeMs: 60_000 })
  const tokenOf = async (principal: Principal) => (await sign(principal)).token

  async function call(method: string, path: string, { as, body, headers = {} }: Call = {}): Promise<Answered> {
    const token = as ? { authorization: `Bearer ${await tokenOf(as)}` } : {}
    const isForm = body instanceof FormData
    const json = body === undefined || isForm ? {} : { 'content-type': 'application/json' }
    const response = await fetch(new URL(path, base), {
      method,
      redirect: 'manual',
      headers: { ...json, ...token, ...headers },
      ...(body === undefined ? {} : { body: isForm || typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const bytes = Buffer.from(await response.arrayBuffer())
    const isJson = response.headers.get('content-type')?.includes('json') && bytes.length > 0
    return {
      status: response.status,
      headers: response.headers,
      bytes,
      json: isJson ? JSON.parse(String(bytes)) : null,
    }
  }

  function upload(as: Principal, bytes: string | Uint8Array, name = 'note.txt', fields: Record<string, string> = {}) {
    const form = new FormData()
    for (const [field, value] of Object.entries(fields)) form.set(field, value)
    form.set('file', new Blob([Buffer.from(bytes)]), name)
    return call('POST', '/v1/files', { as, body: form })
  }
  return { context, natsUrl: nats.url, base, call, upload, tokenOf }
}

let people = 0

/** Somebody with an account; a new one each time. */
export function person(role: Role = 'author'): Principal {
  people += 1
  return { userId: randomUUID(), role, sessionId: randomUUID(), handle: `person-${people}`, scopes: null }
}
