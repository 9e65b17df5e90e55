import { Readable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { test } from 'tap'
import { request } from 'undici'
import { startGateway } from './support/gateway.ts'
import { bodyOf, json, stubReplica } from './support/stub-service.ts'

test('a request is routed by contract, and its answer comes back dressed', async t => {
  const replica = await stubReplica(t, {
    service: 'things',
    routes: [
      { url: '/v1/things/:id' },
      { method: 'POST', url: '/v1/things', policy: { bodyLimitBytes: 100 } },
      { url: '/v1/secret', policy: { access: 'internal' } },
      { url: '/v1/mine', policy: { access: 'signed-in' } },
    ],
    answer: async (incoming, response) => {
      const body = await bodyOf(incoming)
      json(
        response,
        { url: incoming.url, headers: incoming.headers, body: body.toString() },
        { server: 'x', 'cache-tag': 'a' },
      )
    },
  })
  const gateway = await startGateway(t, { UPSTREAMS: `things=${replica.address}` })

  await t.test('the service sees the path, our fields and none of the client’s claims', async t => {
    const answer = await request(`${gateway.url}/v1/things/7?a=%20b&c`, {
      headers: {
        'x-forwarded-for': '6.6.6.6',
        forwarded: 'for=6.6.6.6',
        'portico-client-address': '6.6.6.6',
        'portico-anything': '1',
        'x-real-ip': '6.6.6.6',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        'x-custom': 'stays',
      },
    })
    t.equal(answer.statusCode, 200)
    const { url, headers } = (await answer.body.json()) as { url: string; headers: Record<string, string> }
    t.equal(url, '/v1/things/7?a=%20b&c')
    t.equal(headers['x-forwarded-for'], '127.0.0.1')
    t.equal(headers.forwarded, `for=127.0.0.1;host="127.0.0.1:${gateway.port}";proto=http`)
    t.equal(headers['portico-client-address'], '127.0.0.1')
    t.equal(headers['portico-anything'], undefined)
    t.equal(headers['x-real-ip'], undefined)
    t.equal(headers['x-custom'], 'stays')
    t.notMatch(headers.traceparent, /0af7651916cd43dd8448eb211c80319c/)
    t.match(answer.headers['server-timing'], /^traceparent;desc="00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]"$/)
    t.equal(answer.headers['x-request-id'], headers['portico-request-id'])
    t.equal(answer.headers['x-content-type-options'], 'nosniff')
    t.equal(answer.headers['cache-tag'], undefined)
    t.equal(answer.headers.server, undefined)
    t.match(answer.headers.ratelimit, /^"read";r=\d+;t=\d+$/)
    t.equal(answer.headers['ratelimit-policy'], '"read";q=3000;w=60')
  })

  await t.test('refusals are problems', async t => {
    const cases = [
      ['GET', '/v1/nothing', 404, 'route_not_found'],
      ['DELETE', '/v1/things/7', 405, 'method_not_allowed'],
      ['GET', '/v1/secret', 404, 'route_not_found'],
      ['GET', '/v1/mine', 401, 'not_signed_in'],
      ['PROPFIND', '/v1/things', 405, 'method_not_allowed'],
    ] as const
    for (const [method, path, status, code] of cases) {
      const answer = await request(`${gateway.url}${path}`, { method: method as 'GET' })
      const problem = (await answer.body.json()) as Record<string, unknown>
      t.equal(answer.statusCode, status, `${method} ${path}`)
      t.equal(answer.headers['content-type'], 'application/problem+json')
      t.match(problem, { code, status, type: `/docs/problems#${code}`, traceId: /^[0-9a-f]{32}$/ })
      if (status === 405) t.type(answer.headers.allow, 'string')
    }
  })

  await t.test('a body over the limit is refused, declared or not', async t => {
    const small = await request(`${gateway.url}/v1/things`, { method: 'POST', body: 'x'.repeat(100) })
    t.match(await small.body.json(), { body: 'x'.repeat(100) })
    const declared = await request(`${gateway.url}/v1/things`, { method: 'POST', body: 'x'.repeat(101) })
    t.equal(declared.statusCode, 413)
    t.match(await declared.body.json(), { code: 'body_too_large' })
    const counted = await request(`${gateway.url}/v1/things`, {
      method: 'POST',
      body: Readable.from(
        (function* () {
          yield 'x'.repeat(60)
          yield 'x'.repeat(60)
        })(),
      ),
    })
    t.equal(counted.statusCode, 413)
    await counted.body.dump()
  })

  await t.test('documents', async t => {
    const openapi = await request(`${gateway.url}/openapi.json`)
    const document = await openapi.body.json()
    t.match(document, {
      openapi: '3.1.0',
      paths: { '/v1/things/{id}': { get: { operationId: 'operation0', 'x-portico-policy': { access: 'public' } } } },
    })
    const coded = await request(`${gateway.url}/openapi.json`, { headers: { 'accept-encoding': 'gzip' } })
    t.match(coded.headers, { 'content-encoding': 'gzip', vary: 'accept-encoding', etag: `W/${openapi.headers.etag}` })
    t.same(JSON.parse(String(gunzipSync(Buffer.from(await coded.body.arrayBuffer())))), document)
    const known = await request(`${gateway.url}/openapi.json`, {
      headers: { 'if-none-match': `"other", ${coded.headers.etag}` },
    })
    t.equal(known.statusCode, 304)
    await known.body.dump()
    const problems = await request(`${gateway.url}/docs/problems`)
    t.match(await problems.body.text(), /id="route_not_found"/)
    const health = await request(`${gateway.url}/healthz`)
    t.equal(health.statusCode, 200)
    await health.body.dump()
  })
})
