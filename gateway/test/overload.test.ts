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
  const { url, adminUrl, process } = await startGateway(t, {
    UPSTREAMS: `things=${things.address},accounts=${accounts.address}`,
  })
  const headers = { authorization: `Bearer ${'t'.repeat(43)}` }
  const get = async (path: string) => {
    const answer = await request(`${url}${path}`, { headers })
    const body = (await answer.body.json()) as { code?: string; traceId?: string }
    return { status: answer.statusCode, fields: answer.headers, body }
  }
  const shed = async (pattern: RegExp) => {
    const { body } = await request(`${adminUrl}/metrics`)
    return Number(pattern.exec(await body.text())?.[1])
  }
  await eventually(async () => (await get('/v1/quick')).status === 200 && (await get('/v1/accounts')).status === 200)

  const waiting = Array.from({ length: limiterDefaults.initial }, () => request(`${url}/v1/held`))
  await eventually(() => held.length === limiterDefaults.initial)
  const seenBefore = { things: things.seen.length, accounts: accounts.seen.length }
  for (let count = 0; count < 20; count += 1) {
    const { status, fields, body } = await get('/v1/quick?secret=1')
    t.equal(status, 503)
    t.same(body, {
      type: '/docs/problems#overloaded',
      title: 'Too much to do',
      status: 503,
      instance: '/v1/quick',
      code: 'overloaded',
      traceId: fields['x-request-id'],
    })
    t.match(fields, {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'retry-after': '1',
      'x-request-id': /^[0-9a-f]{32}$/,
      'server-timing': `traceparent;desc="00-${body.traceId}-`,
      'x-content-type-options': 'nosniff',
    })
  }
  const head = await request(`${url}/v1/quick`, { method: 'HEAD' })
  t.equal(head.statusCode, 503)
  t.equal(await head.body.text(), '', 'a HEAD is refused without a body')
  t.equal(await shed(/^portico_shed_total\{service="things"\} (\d+)/m), 21)
  t.equal(await shed(/^http_server_request_duration_seconds_count\{.*GET.*error_type="overloaded".*\} (\d+)/m), 21)
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
