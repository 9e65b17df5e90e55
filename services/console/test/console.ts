import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Role } from '@portico/contracts'
import { createSigner, generateKeyPair } from '@portico/identity'
import { silentTelemetry } from '@portico/telemetry'
import { type TestScope, testNats } from '@portico/testkit'
import { createApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { createConsumers } from '../src/consumers.ts'
import { type Context, createContext } from '../src/context.ts'
import { closeDoors, openDoors } from '../src/doors.ts'

export interface Answered {
  status: number
  headers: Headers
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came
  json: any
}

export interface ConsoleService {
  context: Context
  otlpUrl: string
  smtpPort: number
  get(path: string, role?: Role | null): Promise<Answered>
}

/** The whole service in this process, with a NATS and a folder of its own, on free ports. */
export async function startConsole(t: TestScope): Promise<ConsoleService> {
  const [keys, nats, state] = await Promise.all([
    generateKeyPair(),
    testNats(t),
    mkdtemp(join(tmpdir(), 'portico-console-')),
  ])
  const config = readConfig({
    NATS_URL: nats.url,
    IDENTITY_JWKS: JSON.stringify(keys.jwks),
    CONSOLE_STATE: state,
    OTLP_PORT: '0',
    SMTP_PORT: '0',
  })
  const context = await createContext(config, { telemetry: silentTelemetry() })
  const app = await createApp(context)
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  const { otlpPort, smtpPort } = await openDoors(context)
  const consumers = createConsumers(context)
  consumers.start()
  t.after(async () => {
    await app.close()
    await consumers.stop()
    await closeDoors(context)
    await context.bus.close()
    context.db.close()
    await rm(state, { recursive: true, force: true })
  })
  const { sign } = await createSigner({ privateJwk: keys.privateJwk, issuer: 'user', lifetimeMs: 60_000 })

  async function get(path: string, role: Role | null = 'operator'): Promise<Answered> {
    const ids = { userId: '01a209e4-c8c5-745a-8c54-0ed2a4144b66', sessionId: '01a209e4-c8c5-745a-8c54-0ed2a4144b67' }
    const token = role === null ? null : (await sign({ ...ids, role, handle: 'somebody', scopes: null })).token
    const response = await fetch(new URL(path, base), { headers: token ? { authorization: `Bearer ${token}` } : {} })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json')
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : null }
  }
  return { context, otlpUrl: `http://127.0.0.1:${otlpPort}`, smtpPort, get }
}
