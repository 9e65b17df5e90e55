import { SessionsBeat } from '@portico/contracts/user'
import { generateKeyPair } from '@portico/identity'
import { connectBus } from '@portico/messaging'
import { silentTelemetry } from '@portico/telemetry'
import { capturedSpans, eventually, startProcess, stopwatch, testDatabase, testNats } from '@portico/testkit'
import t from 'tap'

const main = new URL('../src/main.ts', import.meta.url)

async function environment() {
  const [database, nats, keys, captured] = await Promise.all([
    testDatabase(t, { service: 'user' }),
    testNats(t),
    generateKeyPair(),
    capturedSpans(t),
  ])
  const env = {
    DATABASE_URL: database.url,
    DATABASE_MIGRATION_URL: database.migrationUrl,
    NATS_URL: nats.url,
    IDENTITY_JWKS: JSON.stringify(keys.jwks),
    IDENTITY_PRIVATE_JWK: JSON.stringify(keys.privateJwk),
    OTEL_EXPORTER_OTLP_ENDPOINT: captured.url,
    DRAIN_MS: '100',
  }
  return { env, nats, captured }
}
const { env, nats, captured } = await environment()

async function start(instance: string) {
  const started = await startProcess(t, { main, env: { ...env, INSTANCE: instance } })
  const [, address = ''] = await started.line(/"address":"(http:[^"]+)"/, 20_000)
  return { ...started, address }
}

const post = (url: string, body: unknown) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

t.test('two replicas begin at once on an empty database, serve, beat, and leave in order', async t => {
  const [one, two] = await Promise.all([start('user-1'), start('user-2')])
  for (const { address } of [one, two]) t.equal((await fetch(`${address}/readyz`)).status, 200)
  const bus = await connectBus({ servers: [nats.url], name: 'test', telemetry: silentTelemetry() })
  t.teardown(() => bus.close())
  let beats = 0
  bus.listen(SessionsBeat, () => {
    beats += 1
  })
  await eventually(() => beats >= 4)

  const given = { email: 'ada@example.com', handle: 'ada', name: 'Ada', password: 'marmot under the violet sofa' }
  t.equal((await post(`${one.address}/v1/users`, given)).status, 202)
  using tookMs = stopwatch()
  const exit = await one.stop()
  t.match(exit, { code: 0 }, one.output().slice(-500))
  t.ok(tookMs() < 5_000)
  t.equal((await fetch(`${two.address}/readyz`)).status, 200, 'the other goes on')
})

t.test('a reset is one trace, from the request to the event, though its mail is made after the answer', async t => {
  const { address } = await start('user-3')
  const { headers } = await post(`${address}/v1/password-resets`, { email: 'ada@example.com' })
  const [, traceId = ''] = /00-([0-9a-f]{32})-/.exec(headers.get('server-timing') ?? '') ?? []
  const tree = await captured.complete(traceId, ({ find }) => find(({ name }) => name === 'mail password reset'))
  t.equal(tree.roots.length, 1, tree.print())
  t.match(tree.roots[0], { name: 'POST /v1/password-resets' })
})

t.test('a mistake in the environment stops the start and names the variable, not its value', async t => {
  const wrong = await startProcess(t, {
    main,
    env: { ...env, OPERATOR_TOKEN_HASH: 'secret-by-mistake', IDENTITY_PRIVATE_JWK: '{}' },
  })
  const { code } = await wrong.exited
  t.equal(code, 78)
  t.match(wrong.output(), /OPERATOR_TOKEN_HASH: must be a SHA-256/)
  t.match(wrong.output(), /IDENTITY_PRIVATE_JWK: /)
  t.notMatch(wrong.output(), /secret-by-mistake/)
})

t.end()
