import { gzipSync } from 'node:zlib'
import protobuf from 'protobufjs'
import t from 'tap'
import { startConsole } from './console.ts'

const { get, otlpUrl, context } = await startConsole(t)
const jaeger = '/console/jaeger/api'
const traceId = '5b8efff798038103d269b633813fc60c'
const text = (key: string, value: string) => ({ key, value: { stringValue: value } })

const request = {
  resourceSpans: [
    {
      resource: { attributes: [text('service.name', 'content'), text('service.instance.id', 'content-1')] },
      scopeSpans: [
        {
          spans: [
            {
              traceId,
              spanId: 'eee19b7ec3c1b174',
              parentSpanId: 'eee19b7ec3c1b173',
              name: 'GET /v1/posts',
              kind: 2,
              startTimeUnixNano: '1544712660300000999',
              endTimeUnixNano: '1544712660600000000',
              attributes: [
                text('http.route', '/v1/posts'),
                { key: 'http.response.status_code', value: { intValue: '500' } },
                { key: 'cached', value: { boolValue: true } },
                { key: 'tags', value: { arrayValue: { values: [{ stringValue: 'a' }, { doubleValue: 1.5 }] } } },
              ],
              events: [{ name: 'exception', timeUnixNano: '1544712660400000000', attributes: [text('message', 'no')] }],
              links: [{ traceId: '5b8efff798038103d269b633813fc60d', spanId: 'eee19b7ec3c1b175' }],
              status: { code: 2, message: 'it broke' },
            },
          ],
        },
      ],
    },
    {
      resource: { attributes: [text('service.name', 'gateway')] },
      scopeSpans: [
        {
          spans: [
            {
              traceId,
              spanId: 'eee19b7ec3c1b173',
              name: 'GET',
              kind: 2,
              startTimeUnixNano: '1544712660200000000',
              endTimeUnixNano: '1544712660700000000',
            },
            { traceId: 'nonsense', spanId: '1' },
          ],
        },
      ],
    },
  ],
}

const post = (path: string, body: string | Uint8Array, headers: Record<string, string>) =>
  fetch(`${otlpUrl}${path}`, { method: 'POST', body: typeof body === 'string' ? body : Buffer.from(body), headers })

t.test('spans come in as JSON, and out as Jaeger reads them', async t => {
  const taken = await post('/v1/traces', JSON.stringify(request), { 'content-type': 'application/json' })
  t.strictSame(await taken.json(), { partialSuccess: { rejectedSpans: '1', errorMessage: 'spans without valid ids' } })

  const { json } = await get(`${jaeger}/traces/${traceId}`)
  t.match(json, { total: 0, errors: null, data: [{ traceID: traceId }] })
  const [root, span] = json.data[0].spans
  t.match(root, { spanID: 'eee19b7ec3c1b173', references: [], startTime: 1544712660200000, duration: 500000 })
  t.match(span, {
    operationName: 'GET /v1/posts',
    startTime: 1544712660300000,
    duration: 300000,
    references: [
      { refType: 'CHILD_OF', traceID: traceId, spanID: 'eee19b7ec3c1b173' },
      { refType: 'FOLLOWS_FROM', spanID: 'eee19b7ec3c1b175' },
    ],
    logs: [
      {
        timestamp: 1544712660400000,
        fields: [
          { key: 'event', value: 'exception' },
          { key: 'message', value: 'no' },
        ],
      },
    ],
  })
  for (const tag of [
    { key: 'http.response.status_code', type: 'int64', value: 500 },
    { key: 'cached', type: 'bool', value: true },
    { key: 'tags', type: 'string', value: '["a",1.5]' },
    { key: 'span.kind', type: 'string', value: 'server' },
    { key: 'error', type: 'bool', value: true },
    { key: 'otel.status_description', type: 'string', value: 'it broke' },
  ])
    t.ok(
      span.tags.some((each: object) => JSON.stringify(each) === JSON.stringify(tag)),
      tag.key,
    )
  t.match(json.data[0].processes[span.processID], { serviceName: 'content' })
})

t.test('the same as protobuf, gzipped', async t => {
  const { root } = protobuf.parse(`syntax = "proto3";
    message Request { repeated ResourceSpans resource_spans = 1; }
    message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
    message Resource { repeated KeyValue attributes = 1; }
    message KeyValue { string key = 1; AnyValue value = 2; }
    message AnyValue { string string_value = 1; }
    message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
    message Scope { string name = 1; }
    message Span { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; string name = 5; int32 kind = 6;
      fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; }`)
  const bytes = root.lookupType('Request').encode(
    root.lookupType('Request').fromObject({
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'foreign' } }] },
          scopeSpans: [
            {
              scope: { name: 'x' },
              spans: [
                {
                  traceId: Buffer.from('aa'.repeat(16), 'hex'),
                  spanId: Buffer.from('bb'.repeat(8), 'hex'),
                  traceState: 'a=b',
                  name: 'work',
                  kind: 1,
                  startTimeUnixNano: '1544712660300000000',
                  endTimeUnixNano: '1544712660300002000',
                },
              ],
            },
          ],
        },
      ],
    }),
  )
  const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' }
  const taken = await post('/v1/traces', gzipSync(bytes.finish()), headers)
  t.equal(taken.status, 200)
  t.equal((await taken.arrayBuffer()).byteLength, 0)
  const { json } = await get(`${jaeger}/traces/${'aa'.repeat(16)}`)
  t.match(json.data[0].spans[0], {
    operationName: 'work',
    spanID: 'bb'.repeat(8),
    startTime: 1544712660300000,
    duration: 2,
  })
})

t.test('search by service, operation, attributes, time and duration', async t => {
  const ids = async (query: string) =>
    (await get(`${jaeger}/traces?${query}`)).json.data.map((found: { traceID: string }) => found.traceID)
  const tags = (attributes: object) => `tags=${encodeURIComponent(JSON.stringify(attributes))}`
  t.strictSame(await ids('service=content'), [traceId])
  t.strictSame(await ids('service=content&operation=GET%20%2Fv1%2Fposts'), [traceId])
  t.strictSame(await ids('service=content&operation=other'), [])
  t.strictSame(
    await ids(`service=content&${tags({ 'http.response.status_code': '500', cached: 'true', error: 'true' })}`),
    [traceId],
  )
  t.strictSame(await ids(`service=content&${tags({ 'service.instance.id': 'content-1' })}`), [traceId])
  t.strictSame(await ids('service=content&tag=http.route:/v1/posts'), [traceId])
  t.strictSame(await ids(`service=content&${tags({ 'http.route': '/other' })}`), [])
  t.strictSame(await ids('service=content&minDuration=200ms&maxDuration=1s'), [traceId])
  t.strictSame(await ids('service=content&minDuration=400ms'), [])
  t.strictSame(await ids('service=content&start=1544712660300001'), [])
  t.strictSame((await ids('limit=1')).length, 1)
  t.match((await get(`${jaeger}/traces?tags=nonsense`)).json, { status: 400, errors: [{ pointer: '#/tags' }] })
})

t.test('services, operations, dependencies', async t => {
  t.strictSame((await get(`${jaeger}/services`)).json.data, ['content', 'foreign', 'gateway'])
  t.strictSame((await get(`${jaeger}/services/content/operations`)).json.data, ['GET /v1/posts'])
  t.strictSame((await get(`${jaeger}/operations?service=content`)).json.data, [
    { name: 'GET /v1/posts', spanKind: 'server' },
  ])
  const { json } = await get(`${jaeger}/dependencies?endTs=1544712661000&lookback=10000`)
  t.strictSame(json.data, [{ parent: 'gateway', child: 'content', callCount: 1 }])
})

t.test('only operators see any of it; wrong input has a name', async t => {
  for (const path of [
    'traces',
    'services',
    `traces/${traceId}`,
    'operations?service=a',
    'dependencies',
    'services/a/operations',
  ]) {
    t.equal((await get(`${jaeger}/${path}`, null)).status, 401, path)
    t.equal((await get(`${jaeger}/${path}`, 'admin')).status, 403, path)
  }
  t.match((await get(`${jaeger}/traces/${'0'.repeat(31)}1`)).json, { status: 404, code: 'trace_not_found' })
  t.match((await get(`${jaeger}/traces/xyz`)).json, { status: 400, code: 'invalid_input' })
  t.equal((await post('/v1/traces', '{', { 'content-type': 'application/json' })).status, 400)
  t.equal((await post('/v1/traces', 'x', { 'content-type': 'text/plain' })).status, 415)
  t.equal((await post('/v1/other', '{}', { 'content-type': 'application/json' })).status, 404)
  t.equal((await fetch(`${otlpUrl}/v1/traces`)).status, 405)
  const large = gzipSync(Buffer.alloc(17 * 1_024 * 1_024))
  const bomb = await post('/v1/traces', large, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
  t.equal(bomb.status, 413)
})

t.test('only so many spans are kept, the newest', async t => {
  const before = context.spans.count()
  t.equal(context.spans.trim(before), 0)
  t.ok(context.spans.trim(2) >= 1)
  t.ok(context.spans.count() <= 2)
  t.equal(context.spans.trace('aa'.repeat(16)).length + context.spans.trace(traceId).length, context.spans.count())
})

t.end()
