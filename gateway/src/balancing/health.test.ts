import { performance } from 'node:perf_hooks'
import { test } from 'tap'
import { eventually, foundAt, startReplica, upstreamOptions } from '../../test/forward-harness.ts'
import { createHealthChecks } from './health.ts'
import { createUpstreams } from './upstreams.ts'

test('a refusal, a 503 and silence are noticed, and so is the way back', async t => {
  let mode: 'ready' | 'not-ready' | 'silent' = 'ready'
  const { port } = await startReplica(t, (request, response) => {
    if (request.url !== '/readyz') response.writeHead(404).end()
    else if (mode !== 'silent') response.writeHead(mode === 'ready' ? 200 : 503).end()
  })
  const upstreams = createUpstreams(() => upstreamOptions)
  const checks = createHealthChecks(upstreams, { everyMs: 50, timeoutMs: 100, silences: 2, path: '/readyz' })
  t.teardown(() => {
    checks.close()
    return upstreams.close()
  })
  const upstream = upstreams.of('test')
  const live = upstream.put(foundAt(`http://127.0.0.1:${port}`, 'live'))
  const refused = upstream.put(foundAt('http://127.0.0.1:1', 'refused'))
  t.equal(live.health, 'unknown')
  t.ok(await eventually(() => live.health === 'healthy' && refused.health === 'unhealthy'))
  mode = 'not-ready'
  t.ok(await eventually(() => live.health === 'unhealthy'))
  mode = 'ready'
  t.ok(await eventually(() => live.health === 'healthy'))
  mode = 'silent'
  const fromMs = performance.now()
  t.ok(await eventually(() => live.health === 'unhealthy'))
  t.ok(performance.now() - fromMs > 150, 'one silence is not enough')
  mode = 'ready'
  t.ok(await eventually(() => live.health === 'healthy'))
})

test('a failed request asks at once', async t => {
  const upstreams = createUpstreams(() => upstreamOptions)
  const upstream = upstreams.of('test')
  const checks = createHealthChecks(upstreams, { everyMs: 2_000, timeoutMs: 1_000, silences: 1, path: '/readyz' })
  t.teardown(() => {
    checks.close()
    return upstreams.close()
  })
  const first = upstream.put(foundAt('http://127.0.0.1:1', 'first'))
  t.ok(await eventually(() => first.health === 'unhealthy'))
  const second = upstream.put(foundAt('http://127.0.0.1:1', 'second'))
  upstream.report(second, { latencyMs: 1, kind: 'failure' })
  t.ok(await eventually(() => second.health === 'unhealthy', 1_500), 'before the next round')
})
