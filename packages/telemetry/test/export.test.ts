import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { capturedSpans, eventually, stopwatch } from '@portico/testkit'
import t, { type Test } from 'tap'
import { createMetrics } from '../src/metrics.ts'
import { createOtlpSender, type SendSpans } from '../src/otlp.ts'
import { createSpanQueue } from '../src/span-queue.ts'
import { createTelemetry, type Telemetry } from '../src/telemetry.ts'

const silent = { logDestination: { write() {} }, processMetrics: false }

function telemetryTo(t: Test, otlpUrl: string): Telemetry {
  const telemetry = createTelemetry({ service: 'notes', instance: 'notes-1', version: '1', otlpUrl, ...silent })
  t.teardown(() => telemetry.shutdown())
  return telemetry
}

function emit({ tracer }: Telemetry, count: number, name = 'work') {
  for (let index = 0; index < count; index++) tracer.startSpan(`${name} ${index}`).end()
}

async function processed({ metrics }: Telemetry, errorType: string): Promise<number> {
  const { body } = await metrics.page()
  const line = body
    .split('\n')
    .find(line => line.startsWith(`otel_sdk_processor_span_processed_total{error_type="${errorType}"}`))
  return Number(line?.split(' ').at(-1) ?? 0)
}

t.test('spans arrive with their resource, and the export makes none of its own', async t => {
  const receiver = await capturedSpans(t)
  const telemetry = telemetryTo(t, receiver.url)
  emit(telemetry, 3)
  await eventually(() => receiver.spans().length === 3)
  t.match(receiver.spans()[0], { name: 'work 0', service: 'notes', instance: 'notes-1' })
  await telemetry.flush()
  t.equal(receiver.spans().length, 3)
  t.equal(await processed(telemetry, ''), 3)
})

t.test('a receiver that is gone and comes back loses nothing within the bound', async t => {
  const receiver = await capturedSpans(t)
  const telemetry = telemetryTo(t, receiver.url)
  emit(telemetry, 1, 'before')
  await eventually(() => receiver.spans().length === 1)
  await receiver.down()
  emit(telemetry, 700, 'during')
  // It has tried, and failed, before the receiver is back.
  await telemetry.flush()
  t.equal(receiver.spans().length, 1)
  await receiver.up()
  await eventually(() => receiver.spans().length === 701, { withinMs: 15_000 })
  const names = new Set(receiver.spans().map(({ name }) => name))
  t.equal(names.size, 701, 'each once')
})

t.test('beyond the bound spans are dropped and counted, and nobody waits', async t => {
  const receiver = await capturedSpans(t)
  await receiver.down()
  const telemetry = telemetryTo(t, receiver.url)
  using tookMs = stopwatch()
  emit(telemetry, 10_000)
  t.ok(tookMs() < 2_000, 'none of them waits for the network')
  t.equal(await processed(telemetry, 'queue_full'), 10_000 - 8_192)
  await receiver.up()
  await eventually(() => receiver.spans().length === 8_192, { withinMs: 20_000 })
})

t.test('a receiver that refuses is not asked again', async t => {
  let asked = 0
  const url = await listen(t, async (request, response) => {
    asked += 1
    await json(request)
    response.writeHead(400).end()
  })
  const telemetry = telemetryTo(t, url)
  emit(telemetry, 2)
  await telemetry.flush()
  await telemetry.flush()
  t.equal(asked, 1)
  t.equal(await processed(telemetry, 'refused'), 2)
})

t.test('a receiver that never answers delays the end by no more than its bound', async t => {
  const url = await listen(t, () => {})
  const telemetry = createTelemetry({ service: 'notes', instance: 'notes-1', version: '1', otlpUrl: url, ...silent })
  emit(telemetry, 1_500)
  const startedAt = performance.now()
  using tookMs = stopwatch()
  await telemetry.shutdown()
  t.ok(performance.now() - startedAt > 1_900, 'it waits for that long')
  t.ok(tookMs() < 4_000, 'and no longer')
  t.equal(await processed(telemetry, 'shutdown'), 1_500)
  emit(telemetry, 1)
  t.equal(await processed(telemetry, 'shutdown'), 1_501, 'what ends after the end is counted too')
})

t.test('an answer that does not come in time is a failure', async t => {
  const url = await listen(t, () => {})
  const sender = createOtlpSender({ url, timeoutMs: 100 })
  t.equal(await sender.send([], new AbortController().signal), 'failed')
  sender.close()
})

t.test('one batch at a time, however many spans wait', async t => {
  let underWay = 0
  let most = 0
  const sizes: number[] = []
  const send: SendSpans = async spans => {
    most = Math.max(most, ++underWay)
    sizes.push(spans.length)
    await new Promise(resolve => setTimeout(resolve, 5))
    underWay -= 1
    return 'sent'
  }
  const queue = createSpanQueue({ send, metrics: createMetrics({ processMetrics: false }), batch: 10, everyMs: 1 })
  const receiver = await capturedSpans(t)
  const telemetry = telemetryTo(t, receiver.url)
  const span: unknown = telemetry.tracer.startSpan('x')
  for (let index = 0; index < 95; index++) queue.onEnd(asReadable(span))
  await Promise.all([queue.forceFlush(), queue.forceFlush()])
  await queue.shutdown()
  t.equal(most, 1)
  t.equal(
    sizes.reduce((sum, size) => sum + size, 0),
    95,
  )
})

type Readable = Parameters<ReturnType<typeof createSpanQueue>['onEnd']>[0]

function asReadable(span: unknown): Readable {
  if (!isReadable(span)) throw new TypeError('not a recorded span')
  return span
}

function isReadable(span: unknown): span is Readable {
  return typeof span === 'object' && span !== null && 'resource' in span
}

async function listen(t: Test, handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(handle)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}`
}
