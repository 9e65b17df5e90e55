import { test } from 'tap'
import { request } from 'undici'
import { startGateway } from './support/gateway.ts'
import { json, stubReplica } from './support/stub-service.ts'

test('operators ask and change on a port of their own', async t => {
  const replicas = [1, 2].map(number =>
    stubReplica(t, {
      service: 'things',
      routes: [{ url: '/v1/things/:id' }, { url: '/healthz' }],
      answer: (_incoming, response) => json(response, { number }),
    }),
  )
  const [first, second] = await Promise.all(replicas)
  if (!first || !second) throw new Error('two replicas')
  const gateway = await startGateway(t, {
    UPSTREAMS: `things=${first.address},things=${second.address}`,
    SLOW_START_MS: '0',
  })
  const ask = async (
    method: 'GET' | 'PATCH' | 'POST',
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) => {
    const answer = await request(`${gateway.adminUrl}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    })
    return { status: answer.statusCode, body: (await answer.body.json()) as Record<string, unknown> }
  }
  const visit = async () => {
    const answer = await request(`${gateway.url}/v1/things/1`)
    return ((await answer.body.json()) as { number: number }).number
  }

  t.match(await ask('GET', '/upstreams'), { status: 200, body: { items: [{ service: 'things', replicas: [{}, {}] }] } })
  t.match(await ask('GET', '/upstreams/nobody'), { status: 404, body: { code: 'not_found' } })
  t.match(await ask('GET', '/routes'), {
    body: { items: [{ url: '/v1/things/:id' }], refused: [{ route: 'GET /healthz' }] },
  })
  t.match(await ask('GET', '/explain?path=/v1/things/1'), {
    body: { route: { service: 'things' }, replicas: [{}, {}] },
  })
  t.match(await ask('GET', '/explain?path=/v1/nothing'), { body: { route: null } })
  t.match(await ask('GET', '/openapi.json'), {
    body: { paths: { '/upstreams': { get: { operationId: 'listUpstreams' } } } },
  })
  t.match(await ask('GET', '/status'), { body: { services: [{ name: 'things', replicas: 2 }] } })

  const drained = await ask('PATCH', `/upstreams/things/replicas/127.0.0.1:${first.port}`, { draining: true })
  t.equal(drained.status, 200)
  t.same(new Set(await Promise.all(Array.from({ length: 20 }, visit))), new Set([2]))
  await ask('PATCH', `/upstreams/things/replicas/127.0.0.1:${first.port}`, { draining: null })
  t.same(new Set(await Promise.all(Array.from({ length: 40 }, visit))), new Set([1, 2]))

  t.match(await ask('PATCH', '/upstreams/things', { strategy: 'round-robin' }), { body: { strategy: 'round-robin' } })
  t.match(await ask('PATCH', '/upstreams/things', { strategy: 'nonsense' }), {
    status: 400,
    body: { code: 'invalid_input' },
  })
  t.match(await ask('PATCH', '/upstreams/things', { strategy: 'round-robin' }, { origin: 'https://evil.example' }), {
    status: 403,
  })
  // A name of theirs that has come to mean this machine: the browser takes the two for one origin.
  const rebound = { host: 'evil.example:9090', origin: 'http://evil.example:9090' }
  t.match(await ask('PATCH', '/upstreams/things', { strategy: 'round-robin' }, rebound), { status: 403 })
  t.match(await ask('GET', '/status', undefined, { host: 'evil.example:9090' }), { status: 403 })
  t.match(await ask('GET', '/status', undefined, { host: 'localhost:9090' }), { status: 200 })

  t.match(await ask('GET', '/cache'), { body: { entries: 0, bytes: 0 } })
  t.match(await ask('POST', '/cache/purge', { tags: ['post:1'] }), { status: 200, body: { dropped: 0 } })
  t.match(await ask('POST', '/cache/purge', { tags: [] }), { status: 400 })

  const metrics = await request(`${gateway.adminUrl}/metrics`)
  const page = await metrics.body.text()
  t.match(
    page,
    /http_server_request_duration_seconds_count\{http_request_method="GET",http_route="\/v1\/things\/:id",http_response_status_code="200",error_type=""\} 60/,
  )
  t.match(page, /portico_upstream_requests_total\{service="things"/)
  t.match(page, /# EOF\n$/)
})
