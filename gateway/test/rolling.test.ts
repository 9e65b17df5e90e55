// Runs alone: it replaces replicas under load and looks at every answer.
import { randomUUID } from 'node:crypto'
import { freePort, type StartedProcess, startProcess, testNats } from '@portico/testkit'
import t, { type Test, test } from 'tap'
import { request } from 'undici'
import { startGateway } from './support/gateway.ts'
import { type Asked, load, sized } from './support/load.ts'
import { reloaded } from './support/workers.ts'

// Replicas are replaced as a deploy replaces them, one after the other, while requests run, also such as may not be
// repeated: none is refused, broken or answered with anything but 200. Under full load the gateway's workers are replaced
// after each of them; in the suite `workers.test.ts` does that.

t.setTimeout(sized(600_000, 120_000))
const main = new URL('./fixtures/rolling-service.ts', import.meta.url)

async function startReplica(t: Test, natsUrl: string, instance: string): Promise<StartedProcess> {
  const port = await freePort()
  return startProcess(t, {
    main,
    env: { INSTANCE: instance, PORT: String(port), NATS_URL: natsUrl, DRAIN_MS: '1000', SHUTDOWN_MS: '5000' },
    ready: async () => {
      const { statusCode, body } = await request(`http://127.0.0.1:${port}/readyz`)
      await body.dump()
      return statusCode === 200
    },
    deadlineMs: 60_000,
  })
}

/** A read, a write that may be repeated, a write that may not, and so on. */
const mixed = (index: number): Asked => {
  if (index % 3 === 0) return { method: 'GET', path: '/v1/rolling', reset: index % 30 === 0 }
  const headers = { 'content-type': 'application/json' }
  const write = { method: 'POST', path: '/v1/rolling', body: '{"text":"x"}' } as const
  return index % 3 === 1
    ? { ...write, headers }
    : { ...write, headers: { ...headers, 'idempotency-key': randomUUID() } }
}

test('everything is replaced under load', async t => {
  const nats = await testNats(t)
  const replicas = await Promise.all([1, 2].map(number => startReplica(t, nats.url, `rolling-${number}`)))
  const gateway = await startGateway(t, {
    NATS_URL: nats.url,
    RATE_LIMIT: 'off',
    WORKERS: sized('2', '1'),
    DRAIN_MS: '300',
    LOG_LEVEL: 'info',
  })
  const ask = { url: gateway.url, ask: mixed }
  const before = await load(t, { ...ask, requests: sized(10_000, 1_000) })
  t.same(before.failures, {})

  let replaced = 0
  let over = false
  const replacing = (async () => {
    while (!over) {
      const next = await startReplica(t, nats.url, `rolling-${replaced + 3}`)
      const exit = await replicas.shift()?.stop()
      t.equal(exit?.code, 0, 'it left in order')
      replicas.push(next)
      await sized(reloaded, async () => {})(gateway)
      replaced += 1
    }
  })().finally(() => {
    over = true
  })
  const during = await load(t, { ...ask, requests: sized(100_000, 2_000), until: () => over || replaced >= 2 })
  over = true
  await replacing
  t.same(during.failures, {})
  t.ok(replaced >= 2, `${replaced} were replaced`)
})
