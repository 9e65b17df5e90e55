import { eventually } from '@portico/testkit'
import { type Test, test } from 'tap'
import { request } from 'undici'
import { startGateway } from './support/gateway.ts'
import { announce, startBus } from './support/house.ts'
import { json, type StubReplica, stubReplica } from './support/stub-service.ts'

async function ask(url: string, path: string) {
  const answer = await request(`${url}${path}`)
  const body = (await answer.body.json()) as { by?: string; code?: string }
  return { status: answer.statusCode, by: body.by, code: body.code }
}

const thing = (
  t: Parameters<typeof stubReplica>[0],
  by: string,
  routes: string[],
  service = 'things',
): Promise<StubReplica> =>
  stubReplica(t, {
    service,
    version: by,
    routes: routes.map(url => ({ url, policy: { deadlineMs: 8_000 } })),
    answer: (_incoming, response) => json(response, { by }),
  })

async function answeredBy(url: string, path: string, times = 30): Promise<Set<string | undefined>> {
  const answers = await Promise.all(Array.from({ length: times }, () => ask(url, path)))
  return new Set(answers.map(({ status, by }) => (status === 200 ? by : String(status))))
}

test('replicas come, go and change while the gateway runs', async t => {
  t.setTimeout(90_000)
  const { nats, bus } = await startBus(t)
  const old = await thing(t, 'old', ['/v1/things/:id'])
  const announcingOld = announce(t, bus, old, 'things-1')
  const gateway = await startGateway(t, { NATS_URL: nats.url, SLOW_START_MS: '0', LOG_LEVEL: 'silent' })
  const { url, adminUrl } = gateway
  t.same(await answeredBy(url, '/v1/things/1'), new Set(['old']))
  t.match(await ask(url, '/v1/things/1/new'), { status: 404, code: 'route_not_found' })

  const next = await thing(t, 'new', ['/v1/things/:name', '/v1/things/:id/new'])
  announce(t, bus, next, 'things-2')
  await t.test('a new version’s route goes only to who has it', async t => {
    await eventually(async () => (await ask(url, '/v1/things/1/new')).status === 200)
    t.same(await answeredBy(url, '/v1/things/1/new'), new Set(['new']))
    t.same(await answeredBy(url, '/v1/things/1'), new Set(['old', 'new']))
  })

  await t.test('another service cannot take a route that is held, and it is told so', async t => {
    const thief = await thing(t, 'thief', ['/v1/things/:anything', '/v1/loot'], 'thieves')
    announce(t, bus, thief, 'thieves-1')
    await eventually(async () => (await ask(url, '/v1/loot')).status === 200)
    t.same(await answeredBy(url, '/v1/things/1'), new Set(['old', 'new']))
    const routes = (await (await request(`${adminUrl}/routes`)).body.json()) as { refused: unknown[] }
    t.match(routes.refused, [{ service: 'thieves', route: 'GET /v1/things/:anything', reason: /things/ }])
  })

  await t.test('a contract with another digest than announced is not believed', async t => {
    const liar = await thing(t, 'liar', ['/v1/lies'], 'liars')
    announce(t, bus, { ...liar, digest: '0'.repeat(64) }, 'liars-1')
    const honest = await thing(t, 'honest', ['/v1/truth'], 'honest')
    announce(t, bus, honest, 'honest-1')
    await eventually(async () => (await ask(url, '/v1/truth')).status === 200)
    t.equal((await ask(url, '/v1/lies')).status, 404)
  })

  await t.test('who says it will stop gets nothing new', async t => {
    announcingOld.draining = true
    await eventually(async () => (await answeredBy(url, '/v1/things/1', 10)).has('old') === false)
    t.same(await answeredBy(url, '/v1/things/1'), new Set(['new']))
    announcingOld.draining = false
    await eventually(async () => (await answeredBy(url, '/v1/things/1', 10)).has('old'))
  })

  // Longer than the silence that would take a replica away.
  async function answersThroughSilence(t: Test): Promise<void> {
    const until = performance.now() + 5_500
    while (performance.now() < until) {
      const by = await answeredBy(url, '/v1/things/1', 5)
      if (by.has('503') || by.has('404')) t.fail('an answer failed')
      await new Promise(resolve => setTimeout(resolve, 250))
    }
  }

  await t.test('NATS frozen: what is known stays, though the connection looks alive', async t => {
    await nats.pause()
    await answersThroughSilence(t)
    nats.resume()
    t.same(await answeredBy(url, '/v1/things/1'), new Set(['old', 'new']))
  })

  await t.test('NATS away: what is known stays, and health decides', async t => {
    await nats.kill()
    announcingOld.stop()
    await answersThroughSilence(t)
    t.same(await answeredBy(url, '/v1/things/1'), new Set(['old', 'new']))
    old.ready = false
    await eventually(async () => !(await answeredBy(url, '/v1/things/1', 10)).has('old'), { withinMs: 10_000 })
    old.ready = true
    await eventually(async () => (await answeredBy(url, '/v1/things/1', 10)).has('old'), { withinMs: 10_000 })
  })

  await t.test('NATS back: silence takes away who is gone, not at once', async t => {
    await nats.start()
    await eventually(() => bus.isConnected())
    const backAt = performance.now()
    await eventually(async () => !(await answeredBy(url, '/v1/things/1', 10)).has('old'), { withinMs: 15_000 })
    t.ok(performance.now() - backAt > 2_000)
    t.same(await answeredBy(url, '/v1/things/1'), new Set(['new']))
  })
})
