import { eventually } from '@portico/testkit'
import { test } from 'tap'
import { request } from 'undici'
import { startGateway } from './support/gateway.ts'
import { announce, startBus } from './support/house.ts'
import { json, stubReplica } from './support/stub-service.ts'

test('requests are counted by address, by all gateways together', async t => {
  const { nats, bus } = await startBus(t)
  const replica = await stubReplica(t, {
    service: 'things',
    routes: [
      { url: '/v1/read' },
      { method: 'POST', url: '/v1/write', policy: { rateClass: 'write' } },
      { url: '/v1/free', policy: { rateClass: 'none' } },
    ],
    answer: (_incoming, response) => json(response, {}),
  })
  announce(t, bus, replica, 'things-1')
  const env = { NATS_URL: nats.url, RATE_LIMITS: 'read=20/30,write=5/30', TRUSTED_PROXIES: '127.0.0.0/8' }
  const [one, two] = await Promise.all([startGateway(t, env), startGateway(t, env)])
  const get = async (gateway: { url: string }, path: string, client: string, method: 'GET' | 'POST' = 'GET') => {
    const answer = await request(`${gateway.url}${path}`, { method, headers: { 'x-forwarded-for': client } })
    const body = (await answer.body.json()) as { code?: string }
    const remaining = Number(/r=(\d+)/.exec(String(answer.headers.ratelimit))?.[1])
    return { status: answer.statusCode, headers: answer.headers, code: body.code, remaining }
  }

  await t.test('up to the limit, and no further', async t => {
    for (let index = 1; index <= 20; index += 1) {
      const answer = await get(one, '/v1/read', '9.9.9.9')
      t.equal(answer.status, 200)
      t.equal(answer.remaining, 20 - index)
    }
    const refused = await get(one, '/v1/read', '9.9.9.9')
    t.match(refused, { status: 429, code: 'too_many_requests', remaining: 0 })
    t.ok(Number(refused.headers['retry-after']) >= 1)
    t.equal(refused.headers['ratelimit-policy'], '"read";q=20;w=30')
    t.equal((await get(one, '/v1/read', '9.9.9.8')).status, 200, 'another address')
    t.equal((await get(one, '/v1/write', '9.9.9.9', 'POST')).status, 200, 'another class')
    t.equal((await get(one, '/v1/free', '9.9.9.9')).headers.ratelimit, undefined)
  })

  await t.test('the other gateway knows within a second', async t => {
    await eventually(async () => (await get(two, '/v1/read', '9.9.9.9')).status === 429, { withinMs: 1_000 })
    t.equal((await get(two, '/v1/read', '9.9.9.7')).remaining, 19, 'nothing is counted twice')
  })

  await t.test('addresses of one IPv6 network are one', async t => {
    await get(one, '/v1/read', '2001:db8:0:1::1')
    t.equal((await get(one, '/v1/read', '2001:db8:0:1:ffff::2')).remaining, 18)
    t.equal((await get(one, '/v1/read', '2001:db8:0:2::1')).remaining, 19)
  })

  await t.test('what a client writes left of our proxy’s word counts for nothing', async t => {
    await get(one, '/v1/read', '1.1.1.1, 7.7.7.7')
    t.equal((await get(one, '/v1/read', '2.2.2.2, 7.7.7.7')).remaining, 18)
  })
})
