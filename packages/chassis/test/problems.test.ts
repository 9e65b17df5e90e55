import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { DeadlineExceeded, defineProblem } from '@portico/contracts'
import { CommitUnknown } from '@portico/database'
import { createTelemetry } from '@portico/telemetry'
import t from 'tap'
import { answer, createService } from '../src/index.ts'
import {
  as,
  config,
  contract,
  createNote,
  createNotes,
  deleteNote,
  exchange,
  getNote,
  listNotes,
  noteId,
  verifier,
} from './fixture.ts'

const lines: string[] = []
const telemetry = createTelemetry({
  service: 'notes',
  instance: 'notes-1',
  version: '1.2.3',
  logDestination: { write: line => lines.push(line) },
})
const NoteLocked = defineProblem('note_locked', 409, 'The note is locked', 'Somebody else writes in it.')
const note = { id: noteId, body: 'hello', kind: 'plain' as const, parentId: null }
const failures: Record<string, () => never> = {
  named: () => {
    throw NoteLocked({ detail: 'By the owner.', headers: { 'retry-after': '7' }, extensions: { since: '2026' } })
  },
  unnamed: () => {
    throw new Error('secret at 10.0.0.7', { cause: new Error('select * from passwords') })
  },
  unknown: () => {
    throw new CommitUnknown(new Error('ECONNRESET'))
  },
  plain: () => {
    throw 'a text'
  },
}

const app = await createNotes(telemetry)
app.route({ ...getNote, handler: () => note })
app.route({ ...createNote, handler: ({ body }) => failures[body.body]?.() ?? note })
app.route({ ...listNotes, handler: () => ({ items: [], nextCursor: null }) })
app.route({ ...deleteNote, handler: () => answer(null) })
app.route({ ...exchange, handler: ({ principal }) => ({ ok: principal === null }) })
app.get('/late', async () => {
  throw DeadlineExceeded()
})
await app.listen({ port: 0, host: '127.0.0.1' })
t.teardown(() => app.close())

async function create(payload: string, headers: Record<string, string> = { 'content-type': 'application/json' }) {
  return app.inject({ method: 'POST', url: '/v1/notes?x=1', headers: { ...(await as()), ...headers }, payload })
}

t.test('a named failure leaves with its code, headers and extensions', async t => {
  const { statusCode, headers, body } = await create('{"body":"named"}')
  const problem = JSON.parse(body)
  t.equal(statusCode, 409)
  t.equal(headers['content-type'], 'application/problem+json')
  t.equal(headers['retry-after'], '7')
  t.equal(headers['cache-control'], 'no-store')
  t.match(String(headers['server-timing']), problem.traceId)
  t.same(
    { ...problem, traceId: 'checked' },
    {
      type: '/docs/problems#note_locked',
      title: 'The note is locked',
      status: 409,
      detail: 'By the owner.',
      instance: '/v1/notes',
      code: 'note_locked',
      traceId: 'checked',
      since: '2026',
    },
  )
})

t.test('an unnamed failure gives nothing away, and is logged with its cause and trace', async t => {
  for (const body of ['unnamed', 'plain']) {
    lines.length = 0
    const answer = await create(JSON.stringify({ body }))
    t.equal(answer.statusCode, 500)
    t.equal(answer.json().code, 'internal_error')
    t.same(Object.keys(answer.json()).sort(), ['code', 'instance', 'status', 'title', 'traceId', 'type'])
    t.notMatch(answer.body, /secret|select|text/)
    const logged = lines.map(line => JSON.parse(line)).find(({ msg }) => msg === 'request failed')
    t.equal(logged.traceId, answer.json().traceId)
    if (body === 'unnamed') t.equal(logged.err.cause.message, 'select * from passwords')
  }
})

t.test('bodies that cannot be read', async t => {
  const wrong = [
    { payload: '{"body":', status: 400, code: 'malformed_body' },
    { payload: '{"body":"x","__proto__":{"admin":true}}', status: 400, code: 'malformed_body' },
    { payload: '{"body":"x","constructor":{"prototype":{}}}', status: 400, code: 'malformed_body' },
    { payload: `"${'x'.repeat(65_536)}"`, status: 413, code: 'body_too_large' },
    { payload: 'body=x', type: 'application/x-www-form-urlencoded', status: 415, code: 'unsupported_media_type' },
    { payload: 'x', type: 'text/plain', status: 415, code: 'unsupported_media_type' },
    { payload: '', status: 400, code: 'invalid_input' },
  ]
  for (const { payload, type = 'application/json', status, code } of wrong) {
    const answer = await create(payload, { 'content-type': type })
    t.equal(answer.statusCode, status, `${code} has its status`)
    t.equal(answer.json().code, code)
  }
})

t.test('an empty body is no body, whatever its type', async t => {
  const headers = { ...(await as({ role: 'admin' })), 'content-type': 'application/json' }
  const answer = await app.inject({ method: 'DELETE', url: `/v1/notes/${noteId}`, headers })
  t.equal(answer.statusCode, 204)
  t.equal(answer.body, '')
  t.notOk(answer.headers['content-length'])
})

t.test('no such route; no such method', async t => {
  const missing = await app.inject('/v1/nothing?here=1')
  t.equal(missing.statusCode, 404)
  t.match(missing.json(), { code: 'route_not_found', instance: '/v1/nothing' })
  const method = await app.inject({ method: 'PUT', url: `/v1/notes/${noteId}` })
  t.equal(method.statusCode, 405)
  t.equal(method.json().code, 'method_not_allowed')
  t.equal(method.headers.allow, 'DELETE, GET, HEAD')
})

t.test('paths that no router can read', async t => {
  const malformed = await app.inject('/v1/notes/%zz')
  t.equal(malformed.statusCode, 400)
  t.equal(malformed.json().code, 'bad_request')
  t.equal(malformed.headers['content-type'], 'application/problem+json')
  const long = await app.inject(`/v1/notes/${'x'.repeat(600)}`)
  t.equal(long.statusCode, 414)
  t.equal(long.json().code, 'target_too_long')
})

t.test('what is not HTTP, or has too many headers', async t => {
  t.match(await raw('NONSENSE\r\n\r\n'), /^HTTP\/1\.1 400 .*application\/problem\+json.*"code":"bad_request"/s)
  const head = (bytes: number) =>
    `GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: ${'y'.repeat(bytes)}\r\n\r\n`
  t.match(await raw(head(40_000)), /^HTTP\/1\.1 431 .*"code":"headers_too_large"/s)
  t.match(await raw(head(20_000)), /^HTTP\/1\.1 404 /, 'what a gateway takes, and what it adds')
})

t.test('a request that does not arrive in time', async t => {
  const impatient = await createService({ contract, config, telemetry, verifier, ready: {}, requestTimeoutMs: 300 })
  impatient.route({ ...createNote, handler: () => note })
  await impatient.listen({ port: 0, host: '127.0.0.1' })
  const { authorization } = await as()
  const head = `POST /v1/notes HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n`
  const answer = await raw(`${head}Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{"body":`, impatient)
  t.match(answer, /^HTTP\/1\.1 408 .*"code":"request_timeout"/s)
  await impatient.close()
})

t.test('who may call: a stranger, a signed-in account, a role, the gateway', async t => {
  const cases = [
    { method: 'GET', url: `/v1/notes/${noteId}`, headers: {}, status: 200 },
    { method: 'POST', url: '/v1/notes', headers: {}, status: 401, code: 'not_signed_in' },
    { method: 'DELETE', url: `/v1/notes/${noteId}`, headers: {}, status: 401, code: 'not_signed_in' },
    { method: 'DELETE', url: `/v1/notes/${noteId}`, headers: await as(), status: 403, code: 'forbidden' },
    { method: 'DELETE', url: `/v1/notes/${noteId}`, headers: await as({ role: 'moderator' }), status: 204 },
    // A token that is wrong is wrong everywhere: its owner must learn that the session ended.
    {
      method: 'GET',
      url: `/v1/notes/${noteId}`,
      headers: { authorization: 'Bearer x.y.z' },
      status: 401,
      code: 'not_signed_in',
    },
    {
      method: 'GET',
      url: `/v1/notes/${noteId}`,
      headers: { authorization: 'Basic eDp5' },
      status: 401,
      code: 'not_signed_in',
    },
    { method: 'POST', url: '/internal/exchange', headers: {}, payload: { token: 'x' }, status: 200 },
  ] as const
  for (const { method, url, headers, status, ...rest } of cases) {
    const payload = 'payload' in rest ? { payload: rest.payload } : {}
    const answer = await app.inject({ method, url, headers, ...payload })
    t.equal(answer.statusCode, status, `${method} ${url} ${JSON.stringify(headers).slice(0, 30)}`)
    if ('code' in rest) t.equal(answer.json().code, rest.code)
    if (status === 401) t.match(answer.headers['www-authenticate'], /^Bearer/)
  }
})

t.test('a commit of which nobody knows is only to be repeated when that is safe', async t => {
  const keyed = await create('{"body":"unknown"}', { 'content-type': 'application/json', 'idempotency-key': 'k' })
  t.equal(keyed.statusCode, 503)
  t.equal(keyed.headers['retry-after'], '1')
  const bare = await create('{"body":"unknown"}')
  t.equal(bare.statusCode, 502)
  t.notOk(bare.headers['retry-after'])
})

t.test('a bad id in the path is named', async t => {
  const answer = await app.inject('/v1/notes/17')
  t.equal(answer.statusCode, 400)
  t.same(answer.json().errors, [{ pointer: '#/id', in: 'path', detail: 'must be a valid uuid' }])
})

async function raw(request: string, to = app): Promise<string> {
  const address = to.server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const socket = connect(address.port, '127.0.0.1')
  socket.write(request)
  return text(socket)
}
