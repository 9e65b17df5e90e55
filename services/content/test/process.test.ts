import { announceSubject, type ContractDocument } from '@portico/contracts'
import { contentContract } from '@portico/contracts/content'
import { generateKeyPair } from '@portico/identity'
import { connectBus } from '@portico/messaging'
import { silentTelemetry } from '@portico/telemetry'
import { eventually, freePort, startProcess, testDatabase, testNats } from '@portico/testkit'
import t from 'tap'
import { migrations } from '../src/context.ts'

const main = new URL('../src/main.ts', import.meta.url)

t.test('the process starts by itself, says who it is, and leaves in order', async t => {
  const { url, migrationUrl } = await testDatabase(t, { service: 'content', migrations })
  const nats = await testNats(t)
  const { jwks } = await generateKeyPair()
  const bus = await connectBus({ servers: nats.url, name: 'listener', telemetry: silentTelemetry() })
  t.after(() => bus.close())
  const announced: { instance: string; draining: boolean; address: string }[] = []
  bus.onAnnouncement(announcement => {
    announced.push(announcement)
  })
  const port = await freePort()
  const base = `http://127.0.0.1:${port}`
  const env = {
    PORT: String(port),
    INSTANCE: 'content-1',
    DATABASE_URL: url,
    DATABASE_MIGRATION_URL: migrationUrl,
    NATS_URL: nats.url,
    IDENTITY_JWKS: JSON.stringify(jwks),
    DRAIN_MS: '200',
  }
  const service = await startProcess(t, { main, env, ready: async () => (await fetch(`${base}/readyz`)).ok })
  await eventually(() => announced.length > 0)
  t.match(announced[0], { service: 'content', instance: 'content-1', address: base, draining: false })
  const contract = (await (await fetch(`${base}/contract.json`)).json()) as ContractDocument
  t.equal(contract.operations.length, contentContract.operations.length)
  t.equal((await fetch(`${base}/v1/posts`)).status, 200)

  service.kill('SIGTERM')
  t.match(await service.exited, { code: 0 })
  t.ok(
    announced.some(({ draining }) => draining),
    `it said so on ${announceSubject('content')}`,
  )
})

t.test('a wrong environment stops the start, and every mistake is named', async t => {
  const service = await startProcess(t, { main, env: { PORT: 'x', DATABASE_URL: 'mysql://secret@host/db' } })
  t.match(await service.exited, { code: 78 })
  const output = service.output()
  for (const name of ['PORT', 'DATABASE_URL', 'DATABASE_MIGRATION_URL', 'IDENTITY_JWKS']) t.match(output, `${name}: `)
  t.notMatch(output, 'secret')
})
