import { createServer } from 'node:net'
import { createTelemetry } from '@portico/telemetry'
import { capturedSpans, eventually } from '@portico/testkit'
import { test } from 'tap'
import { request } from 'undici'
import { listen, startFront, startReplica } from '../../test/forward-harness.ts'

test('each attempt is a span: the pick, its scores, and that it was the second', async t => {
  const captured = await capturedSpans(t)
  const telemetry = createTelemetry({
    service: 'gateway',
    instance: 'gateway-1',
    version: '0.0.0',
    otlpUrl: captured.url,
    logLevel: 'silent',
    processMetrics: false,
  })
  t.teardown(() => telemetry.shutdown())
  let traceparent: string | undefined
  const good = await startReplica(t, (incoming, response) => {
    traceparent = String(incoming.headers.traceparent)
    response.end('good')
  })
  const breaking = createServer(socket => socket.once('data', () => socket.resetAndDestroy()))
  const breakingPort = await listen(breaking)
  t.teardown(() => breaking.close())

  const front = await startFront(t, { telemetry, upstream: { strategy: 'round-robin' } })
  front.add(breakingPort, 'breaking')
  front.add(good.port, 'good')
  const answer = await request(`http://127.0.0.1:${front.port}/v1/things?secret=1`)
  t.equal(await answer.body.text(), 'good')

  const spans = await eventually(() => {
    const clients = captured.spans().filter(span => span.name === 'GET test')
    if (clients.length < 2) throw new Error(`${clients.length} spans`)
    return clients
  })
  const [first, second] = spans.toSorted(
    (a, b) =>
      Number(a.attributes['http.request.resend_count'] ?? 0) - Number(b.attributes['http.request.resend_count'] ?? 0),
  )
  t.match(first?.attributes, { 'portico.replica': 'breaking', 'error.type': /ECONNRESET|UND_ERR_SOCKET/ })
  t.match(second?.attributes, {
    'portico.replica': 'good',
    'portico.balancer.strategy': 'round-robin',
    'http.request.resend_count': 1,
    'http.response.status_code': 200,
    'server.port': good.port,
  })
  t.equal(first?.traceId, second?.traceId)
  t.equal(
    traceparent,
    `00-${second?.traceId}-${second?.spanId}-01`,
    'the replica continues the attempt that reached it',
  )
  t.notMatch(JSON.stringify(spans), /secret/)
})
