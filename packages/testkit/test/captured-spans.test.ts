import { gzipSync } from 'node:zlib'
import { capturedSpans, spanTree } from '@portico/testkit'
import t from 'tap'

const traceId = '0af7651916cd43dd8448eb211c80319c'

function otlp(spans: object[]) {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'content' } }] }
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] })
}

function span(spanId: string, parentSpanId: string | undefined, name: string, startMs: number) {
  return {
    traceId,
    spanId,
    parentSpanId,
    name,
    kind: 3,
    startTimeUnixNano: String(1_700_000_000_000_000_000n + BigInt(startMs) * 1_000_000n),
    endTimeUnixNano: String(1_700_000_000_000_000_000n + BigInt(startMs + 2) * 1_000_000n),
    attributes: [
      { key: 'db.operation.name', value: { stringValue: 'SELECT' } },
      { key: 'http.response.status_code', value: { intValue: '201' } },
      { key: 'tags', value: { arrayValue: { values: [{ stringValue: 'a' }] } } },
    ],
    status: { code: 2 },
    links: [{ traceId, spanId: 'ffffffffffffffff' }],
    events: [{ name: 'retry', attributes: [{ key: 'again', value: { boolValue: true } }] }],
  }
}

const root = span('aaaaaaaaaaaaaaaa', undefined, 'GET /v1/posts', 0)
const child = span('bbbbbbbbbbbbbbbb', 'aaaaaaaaaaaaaaaa', 'SELECT posts', 5)
const sibling = span('cccccccccccccccc', 'aaaaaaaaaaaaaaaa', 'BEGIN', 1)

t.test('spans that come in pieces become one tree', async t => {
  const captured = await capturedSpans(t)
  const send = (body: string | Uint8Array<ArrayBuffer>, headers = {}) =>
    fetch(`${captured.url}/v1/traces`, { method: 'POST', body, headers })
  t.equal((await send(otlp([child]))).status, 200)
  t.equal(captured.tree(traceId).roots.length, 1, 'an orphan stands alone')
  await send(Uint8Array.from(gzipSync(otlp([sibling, root]))), { 'content-encoding': 'gzip' })
  const tree = await captured.complete(traceId, ({ roots }) => roots.length === 1)
  t.equal(tree.print(), 'content client GET /v1/posts !\n  content client BEGIN !\n  content client SELECT posts !')
  const found = tree.find(({ name }) => name === 'SELECT posts')
  t.match(found, {
    attributes: { 'db.operation.name': 'SELECT', 'http.response.status_code': 201, tags: ['a'] },
    durationMs: 2,
    links: [{ spanId: 'ffffffffffffffff' }],
    events: [{ name: 'retry', attributes: { again: true } }],
  })
  t.strictSame(found && tree.path(found).map(({ name }) => name), ['GET /v1/posts', 'SELECT posts'])
  await t.rejects(
    captured.complete(traceId, () => false, { withinMs: 30 }),
    /GET \/v1\/posts/,
    'the message shows the tree',
  )
})

t.test('what is no OTLP is refused, and nothing of it kept', async t => {
  const captured = await capturedSpans(t)
  const send = (body: string) => fetch(`${captured.url}/v1/traces`, { method: 'POST', body })
  t.equal((await send('{')).status, 400)
  t.equal((await send(otlp([{ ...root, traceId: 'short' }]))).status, 400)
  t.equal((await fetch(`${captured.url}/v1/logs`, { method: 'POST', body: '{}' })).status, 404)
  t.strictSame(captured.spans(), [])
})

t.test('it can be gone and come back', async t => {
  const captured = await capturedSpans(t)
  const send = () => fetch(`${captured.url}/v1/traces`, { method: 'POST', body: otlp([root]) })
  await captured.down()
  await t.rejects(send())
  await captured.up()
  await send()
  t.equal(captured.spans().length, 1)
  captured.clear()
  t.strictSame(captured.spans(), [])
})

t.test('an empty trace is an empty tree', async t => {
  t.strictSame(spanTree([]).roots, [])
  t.equal(spanTree([]).print(), '')
})
