import { context, SpanKind, trace } from '@opentelemetry/api'
import { capturedSpans } from '@portico/testkit'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import {
  consumerSpan,
  createTelemetry,
  extractTrace,
  injectTrace,
  producerSpan,
  querySummary,
  silentTelemetry,
  traceFastify,
  traceHttpClient,
  traceQuery,
  withSpan,
} from '../src/index.ts'

const remote = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
const traceparent = `00-${remote.traceId}-${remote.spanId}-01`

async function start(t: Test) {
  const receiver = await capturedSpans(t)
  const lines: Record<string, unknown>[] = []
  const telemetry = createTelemetry({
    service: 'notes',
    instance: 'notes-1',
    version: '1',
    otlpUrl: receiver.url,
    logDestination: { write: line => lines.push(JSON.parse(line)) },
  })
  t.teardown(() => telemetry.shutdown())
  const spans = async () => {
    await telemetry.flush()
    return receiver.spans()
  }
  return { telemetry, lines, spans, receiver }
}

async function startApp(t: Test, trustParent: boolean) {
  const started = await start(t)
  const { telemetry } = started
  const app = Fastify()
  traceFastify(app, telemetry, { trustParent })
  app.post('/notes/:id', () => {
    telemetry.log.info('inside')
    return withSpan(telemetry.tracer, 'inner', {}, async () => injectTrace())
  })
  app.get('/broken', (_request, reply) => reply.code(503).send())
  app.get('/quiet', { config: { trace: false } }, () => 'quiet')
  app.get('/never', () => new Promise(() => {}))
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => app.close())
  return { ...started, base }
}

t.test('a service continues the trace of its caller, into the handler and beyond the body', async t => {
  const { base, spans, lines } = await startApp(t, true)
  const answer = await fetch(`${base}/notes/7?token=secret`, {
    method: 'POST',
    headers: { traceparent, 'content-type': 'application/json' },
    body: '{"a":1}',
  })
  const injected: unknown = await answer.json()
  const [inner, server] = await spans()
  t.match(server, {
    name: 'POST /notes/:id',
    kind: 'server',
    ...{ traceId: remote.traceId, parentSpanId: remote.spanId },
    attributes: { 'http.route': '/notes/:id', 'url.path': '/notes/7', 'http.response.status_code': 200 },
  })
  t.match(inner, { name: 'inner', traceId: remote.traceId, parentSpanId: server?.spanId })
  t.same(injected, { traceparent: `00-${remote.traceId}-${inner?.spanId}-01` })
  t.equal(answer.headers.get('server-timing'), null, 'the caller knows the trace, and tells its own client')
  const inside = lines.find(({ msg }) => msg === 'inside')
  t.match(inside, { traceId: remote.traceId, spanId: server?.spanId, service: 'notes', level: 'info' })
  t.match(
    lines.find(({ msg }) => msg === 'request'),
    { path: '/notes/7', route: '/notes/:id', status: 200 },
  )
  t.notMatch(JSON.stringify([await spans(), lines]), /secret/, 'the query is nowhere')
})

t.test('the edge begins a trace of its own and links the stranger’s', async t => {
  const { base, spans } = await startApp(t, false)
  await fetch(`${base}/notes/7`, { method: 'POST', headers: { traceparent } })
  const server = (await spans()).find(({ kind }) => kind === 'server')
  t.not(server?.traceId, remote.traceId)
  t.equal(server?.parentSpanId, null)
  t.match(server?.links, [remote])
})

t.test('what fails is red, what is not found has no route, what is quiet leaves nothing', async t => {
  const { base, spans, lines, telemetry } = await startApp(t, true)
  for (const path of ['broken', 'missing/7', 'quiet']) await (await fetch(`${base}/${path}`)).text()
  const [broken, missing, ...rest] = await spans()
  t.match(broken, { name: 'GET /broken', status: 'error', attributes: { 'error.type': '503' } })
  t.match(missing, { name: 'GET', status: 'unset', attributes: { 'http.response.status_code': 404 } })
  t.same(rest, [])
  t.equal(lines.filter(({ msg }) => msg === 'request').length, 2)
  const { body, contentType } = await telemetry.metrics.page()
  t.match(contentType, /openmetrics/)
  t.match(
    body,
    /http_server_request_duration_seconds_count\{http_request_method="GET",http_route="\/broken",http_response_status_code="503",error_type="503"\} 1/,
  )
  t.match(body, new RegExp(`trace_id="${broken?.traceId}"`), 'with an exemplar')
  t.match(body, /process_cpu_seconds_total/)
})

t.test('a client that leaves ends the span too', async t => {
  const { base, spans } = await startApp(t, true)
  await t.rejects(fetch(`${base}/never`, { signal: AbortSignal.timeout(100) }))
  const ended = await waitFor(async () => (await spans())[0])
  t.match(ended, { name: 'GET /never', attributes: { 'error.type': 'client_left' } })
})

t.test('withSpan names the failure; an expected one is not red', async t => {
  const { telemetry, spans } = await start(t)
  const { tracer } = telemetry
  const refusal = Object.assign(new Error('no such note'), { code: 'note_not_found', statusCode: 404 })
  await t.rejects(
    withSpan(tracer, 'refused', {}, () => Promise.reject(refusal)),
    refusal,
  )
  await t.rejects(withSpan(tracer, 'failed', {}, () => Promise.reject(new TypeError('a defect'))))
  const [refused, failed] = await spans()
  t.match(refused, { status: 'unset', attributes: { 'error.type': 'note_not_found' } })
  t.match(failed, { status: 'error', attributes: { 'error.type': 'TypeError' }, events: [{ name: 'exception' }] })
})

t.test('a call: the next hop becomes its child, and it ends once', async t => {
  const { telemetry, spans } = await start(t)
  const options = { method: 'GET', address: 'replica', port: 80, route: '/notes/:id' }
  const first = traceHttpClient(telemetry.tracer, options)
  first.failed(new Error('refused'))
  first.answered(200)
  const second = traceHttpClient(telemetry.tracer, { ...options, resendCount: 1 })
  second.answered(404)
  const [failed, answered] = await spans()
  t.equal(first.headers.traceparent, `00-${failed?.traceId}-${failed?.spanId}-01`)
  t.match(failed, { name: 'GET /notes/:id', kind: 'client', status: 'error', attributes: { 'error.type': 'Error' } })
  t.match(answered, {
    status: 'error',
    attributes: { 'http.response.status_code': 404, 'http.request.resend_count': 1 },
  })
})

t.test('a message: the consumer is child of and linked to the producer, across any carrier', async t => {
  const { telemetry, spans } = await start(t)
  const { tracer } = telemetry
  const row = await producerSpan(
    tracer,
    { subject: 'user.account.activated.v1', messageId: 'm', key: 'k' },
    async headers => ({
      tracestate: null,
      ...headers,
    }),
  )
  await consumerSpan(tracer, row, { subject: 'user.account.activated.v1', consumer: 'authors' }, async () => {
    t.equal(trace.getActiveSpan()?.spanContext().traceId, row.traceparent?.slice(3, 35))
  })
  const [sent, processed] = await spans()
  t.match(sent, {
    name: 'publish user.account.activated.v1',
    kind: 'producer',
    attributes: { 'messaging.message.id': 'm' },
  })
  t.match(processed, {
    kind: 'consumer',
    traceId: sent?.traceId,
    parentSpanId: sent?.spanId,
    links: [{ spanId: sent?.spanId }],
  })
})

t.test('a statement: a span below a recorded one, none outside, nothing of its values', async t => {
  const { telemetry, spans } = await start(t)
  const { tracer } = telemetry
  const sql = 'insert into "notes" ("body") values ($1)'
  await traceQuery(tracer, { sql, namespace: 'portico_notes' }, async () => 1)
  await withSpan(tracer, 'request', { kind: SpanKind.SERVER }, async () => {
    await traceQuery(tracer, { sql, namespace: 'portico_notes' }, async () => 1)
    const refused = Object.assign(new Error('Key (email)=(ada@example.org) already exists'), { code: '23505' })
    await t.rejects(traceQuery(tracer, { sql }, () => Promise.reject(refused)))
  })
  const [done, failed, ...rest] = await spans()
  t.equal(rest.length, 1)
  t.match(done, {
    name: 'INSERT notes',
    kind: 'client',
    attributes: { 'db.system.name': 'postgresql', 'db.namespace': 'portico_notes', 'db.operation.name': 'INSERT' },
  })
  t.match(failed, { status: 'error', attributes: { 'error.type': '23505' } })
  t.notMatch(JSON.stringify(failed), /ada@example/)
})

t.test('summaries of statements', async t => {
  const cases: Record<string, string> = {
    'select "id" from "posts" as "p" inner join "authors" on true': 'SELECT posts',
    'SELECT 1': 'SELECT',
    'update only "content"."posts" set "title" = $1': 'UPDATE content.posts',
    'delete from posts where id = $1': 'DELETE posts',
    'with moved as (delete from a returning *) insert into b select * from moved': 'DELETE a',
    '  begin': 'BEGIN',
    '-- nothing': 'QUERY',
  }
  for (const [sql, summary] of Object.entries(cases)) t.equal(querySummary(sql).summary, summary)
})

t.test('what is no trace is none', async t => {
  const wrong = [
    undefined,
    null,
    '',
    'x',
    `01${traceparent}`,
    `00-${'0'.repeat(32)}-${remote.spanId}-01`,
    [traceparent, traceparent],
  ]
  for (const value of wrong) t.notOk(trace.getSpanContext(extractTrace({ traceparent: value })))
  t.same(injectTrace(extractTrace({ traceparent, tracestate: 'a=1,b=2' })), { traceparent, tracestate: 'a=1,b=2' })
  t.same(injectTrace(), {}, 'there is no span here')
})

t.test('without a receiver nothing is recorded, but everything has its trace', async t => {
  const telemetry = silentTelemetry()
  await withSpan(telemetry.tracer, 'outer', {}, async span => {
    t.notOk(span.isRecording())
    t.match(injectTrace(context.active()).traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
  })
  await telemetry.shutdown()
})

async function waitFor<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  for (let tries = 0; tries < 100; tries++) {
    const value = await read()
    if (value !== undefined) return value
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return undefined
}
