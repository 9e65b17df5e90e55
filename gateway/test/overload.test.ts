import type { ServerResponse } from 'node:http'
import { eventually } from '@portico/testkit'
import { test } from 'tap'
import { request } from 'undici'
import { limiterDefaults } from '../src/forward/limiter.ts'
import { sessionsOf, stubExchange } from './support/exchange.ts'
import { startGateway } from './support/gateway.ts'
import { json, stubReplica } from './support/stub-service.ts'

test('a service that is full is refused at once, before anybody asks who it is', async t => {
  const held: ServerResponse[] = []
  const things = await stubReplica(t, {
    service: 'things',
    routes: [
      { url: '/v1/held', policy: { deadlineMs: 30_000 } },
      { url: '/v1/quick' },
      { url: '/v1/stream', policy: { flow: 'stream' } },
    ],
    answer: (incoming, response) => (incoming.url === '/v1/held' ? held.push(response) : json(response, {})),
  })
  const accounts = await stubReplica(t, {
    service: 'accounts',
    routes: [{ url: '/v1/accounts' }],
    sessionExchange: stubExchange,
    answer: (incoming, response) => json(response, incoming.url === stubExchange.url ? sessionsOf('u', 's') : {}),
  })
  const { url, process } = await startGateway(t, {
    UPSTREAMS: `things=${things.address},accounts=${accounts.address}`,
  })
  const headers = { authorization: `Bearer ${'t'.repeat(43)}` }
  const get = async (path: string) => {
    const answer = await request(`${url}${path}`, { headers })
    const body = (await answer.body.json()) as { code?: string; traceId?: string }
    return { status: answer.statusCode, retryAfter: answer.headers['retry-after'], ...body }
  }
  await eventually(async () => (await get('/v1/quick')).status === 200 && (await get('/v1/accounts')).status === 200)

  const waiting = Array.from({ length: limiterDefaults.initial }, () => request(`${url}/v1/held`))
  await eventually(() => held.length === limiterDefaults.initial)
  const seenBefore = { things: things.seen.length, accounts: accounts.seen.length }
  for (let count = 0; count < 20; count += 1) {
    t.match(await get('/v1/quick'), { status: 503, code: 'overloaded', retryAfter: '1', traceId: /^[0-9a-f]{32}$/ })
  }
  t.same({ things: things.seen.length, accounts: accounts.seen.length }, seenBefore)
  t.notMatch(process.output(), /overloaded/, 'no line for each')
  t.equal((await get('/v1/accounts')).status, 200, 'another service has room')
  t.equal((await get('/v1/stream')).status, 200, 'a stream is as long as its client is slow: it takes no room')

  for (const response of held) json(response, {})
  for (const { statusCode, body } of await Promise.all(waiting)) {
    await body.dump()
    if (statusCode !== 200) t.fail(`${statusCode} for one that was taken in`)
  }
  t.equal((await get('/v1/quick')).status, 200)
})
