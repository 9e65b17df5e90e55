import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { defineOperation, Id, ProblemError, pageOf, pageQuery } from '@portico/contracts'
import { type Test, test } from 'tap'
import { Type } from 'typebox'
import { createClient, everyItem, tokenSession } from '../src/index.ts'

const Note = Type.Object({ id: Type.String(), text: Type.String() })
const operations = {
  getNote: defineOperation({
    id: 'getNote',
    method: 'GET',
    url: '/v1/notes/:id',
    summary: 'Read a note',
    schema: { params: Type.Object({ id: Type.String() }), response: { 200: Note } },
  }),
  listNotes: defineOperation({
    id: 'listNotes',
    method: 'GET',
    url: '/v1/notes',
    summary: 'List notes',
    schema: {
      querystring: Type.Object({ ...pageQuery, tag: Type.Optional(Type.String()) }),
      response: { 200: pageOf(Note) },
    },
  }),
  createNote: defineOperation({
    id: 'createNote',
    method: 'POST',
    url: '/v1/notes',
    summary: 'Write a note',
    schema: { body: Type.Object({ text: Type.String() }), response: { 201: Note } },
  }),
  changeNote: defineOperation({
    id: 'changeNote',
    method: 'PATCH',
    url: '/v1/notes/:id',
    summary: 'Change a note',
    schema: { params: Type.Object({ id: Id }), body: Type.Object({ text: Type.String() }), response: { 200: Note } },
  }),
  refreshSession: defineOperation({
    id: 'refreshSession',
    method: 'POST',
    url: '/v1/sessions/refresh',
    summary: 'Renew',
    schema: {
      body: Type.Object({ refreshToken: Type.String() }),
      response: { 200: Type.Object({ accessToken: Type.String(), refreshToken: Type.String() }) },
    },
  }),
  notAnOperation: 'left out',
}

type Respond = (request: IncomingMessage, response: ServerResponse, body: string) => void

async function serve(t: Test, respond: Respond): Promise<string> {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    respond(request, response, body)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise(resolve => server.close(resolve).closeAllConnections()))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) =>
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))

const quick = { attempts: 3, baseMs: 1, mostMs: 20 }

test('a call is its contract: method, path segment, query, body', async t => {
  const seen: string[] = []
  const baseUrl = await serve(t, (request, response, body) => {
    seen.push(`${request.method} ${request.url} ${body}`)
    json(response, request.method === 'POST' ? 201 : 200, { id: '1', text: 'x', items: [], nextCursor: null })
  })
  const client = createClient({ baseUrl: `${baseUrl}/`, operations })
  await client.getNote({ params: { id: 'a/b?c' } })
  await client.listNotes({ query: { limit: 5, tag: 'ö&' } })
  const reply = await client.createNote.reply({ body: { text: 'hello' } })
  t.equal(reply.status, 201)
  t.strictSame(seen, [
    'GET /v1/notes/a%2Fb%3Fc ',
    'GET /v1/notes?limit=5&tag=%C3%B6%26 ',
    'POST /v1/notes {"text":"hello"}',
  ])
  t.notOk('notAnOperation' in client)
})

test('a problem is thrown with its code, fields and trace', async t => {
  const baseUrl = await serve(t, (_, response) =>
    json(
      response,
      400,
      {
        code: 'invalid_input',
        title: 'The request is not valid',
        status: 400,
        traceId: 'abc',
        errors: [{ pointer: '#/text', detail: 'too long' }],
      },
      { 'content-type': 'application/problem+json' },
    ),
  )
  const client = createClient({ baseUrl, operations })
  const error = await client.createNote({ body: { text: '' } }).catch((error: unknown) => error)
  t.ok(error instanceof ProblemError)
  t.match(error, {
    code: 'invalid_input',
    status: 400,
    extensions: { traceId: 'abc' },
    errors: [{ pointer: '#/text' }],
  })
})

test('a refusal that time can mend is repeated with the same key', async t => {
  const keys: unknown[] = []
  const baseUrl = await serve(t, (request, response) => {
    keys.push(request.headers['idempotency-key'])
    if (keys.length < 3) json(response, 503, {}, { 'retry-after': '0' })
    else json(response, 201, { id: '1', text: 'x' })
  })
  const client = createClient({ baseUrl, operations, retry: quick })
  t.match(await client.createNote({ body: { text: 'x' } }), { id: '1' })
  t.equal(keys.length, 3)
  t.equal(new Set(keys).size, 1)
  t.ok(keys[0])
})

test('a request that is still being worked on is asked for again; any other conflict is told', async t => {
  const keys: unknown[] = []
  const baseUrl = await serve(t, (request, response, body) => {
    keys.push(request.headers['idempotency-key'])
    const problem = { 'content-type': 'application/problem+json' }
    if (body.includes('taken')) return json(response, 409, { code: 'slug_taken' }, problem)
    if (keys.length === 1) return json(response, 409, { code: 'request_in_flight' }, { 'retry-after': '0' })
    json(response, 201, { id: '1', text: 'a' })
  })
  const client = createClient({ baseUrl, operations, retry: quick })
  t.match(await client.createNote({ body: { text: 'a' } }), { id: '1' })
  t.equal(keys.length, 2)
  t.equal(keys[0], keys[1])
  await t.rejects(client.createNote({ body: { text: 'taken' } }), { code: 'slug_taken' })
  t.equal(keys.length, 3)
})

test('a broken connection is repeated where that is safe, and nowhere else', async t => {
  let requests = 0
  const baseUrl = await serve(t, (request, response) => {
    requests++
    if (requests === 1) request.socket.destroy()
    else json(response, 200, { id: '1', text: 'x' })
  })
  const client = createClient({ baseUrl, operations, retry: quick })
  t.match(await client.getNote({ params: { id: '1' } }), { id: '1' })
  requests = 0
  await t.rejects(client.changeNote({ params: { id: '1' }, body: { text: 'y' } }))
  t.equal(requests, 1)
})

test('an ended access token is renewed once for all who wait', async t => {
  let renewals = 0
  const baseUrl = await serve(t, (request, response, body) => {
    if (request.url === '/v1/sessions/refresh') {
      renewals++
      return json(response, 200, { accessToken: 'new', refreshToken: `${JSON.parse(body).refreshToken}+` })
    }
    if (request.headers.authorization !== 'Bearer new') return json(response, 401, { code: 'not_signed_in' })
    json(response, 200, { id: '1', text: 'x' })
  })
  const session = tokenSession({ accessToken: 'old', refreshToken: 'r' })
  const client = createClient({ baseUrl, operations, session })
  await Promise.all(['1', '2', '3'].map(id => client.getNote({ params: { id } })))
  t.equal(renewals, 1)
  t.strictSame(session.current(), { accessToken: 'new', refreshToken: 'r+' })
})

test('a list is walked to its end', async t => {
  const baseUrl = await serve(t, (request, response) => {
    const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('cursor') ?? 0)
    json(response, 200, { items: [{ id: `${page}`, text: '' }], nextCursor: page < 2 ? `${page + 1}` : null })
  })
  const client = createClient({ baseUrl, operations })
  const ids: string[] = []
  for await (const note of everyItem(page => client.listNotes({ query: page }))) ids.push(note.id)
  t.strictSame(ids, ['0', '1', '2'])
})

test('types: what must not compile', t => {
  const client = createClient({ baseUrl: 'http://127.0.0.1:1', operations })
  const never = () => {
    // @ts-expect-error a parameter is missing
    client.getNote()
    // @ts-expect-error a body of the wrong type
    client.createNote({ body: { text: 1 } })
    // @ts-expect-error no such operation
    client.notAnOperation()
  }
  t.type(never, 'function')
  t.end()
})
