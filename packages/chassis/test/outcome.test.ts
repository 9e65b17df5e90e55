import { Readable } from 'node:stream'
import { defineOperation } from '@portico/contracts'
import t from 'tap'
import { Type } from 'typebox'
import { answer, created, noContent, notModified, pageAnswer } from '../src/index.ts'
import { createNotes, listNotes } from './fixture.ts'

const Thing = Type.Object({ body: Type.String() })
const operation = <const Id extends string>(id: Id) =>
  defineOperation({
    id,
    method: 'GET',
    url: `/v1/things/${id}`,
    summary: id,
    schema: { response: { 202: Thing, 204: Type.Null() } },
    policy: { access: 'public' },
  })
const thing = { body: 'a body is no Answer' }

const app = await createNotes()
app.route({ ...operation('bare'), handler: () => thing })
app.route({ ...operation('later'), handler: async () => thing })
app.route({ ...operation('answer'), handler: () => answer(thing, { headers: { 'cache-tag': 'thing' } }) })
app.route({ ...operation('created'), handler: () => created('/v1/things/1', thing, { etag: '"1"' }) })
app.route({ ...operation('nothing'), handler: () => noContent() })
app.route({
  ...operation('own'),
  handler: (_request, reply) => {
    reply.code(203)
    return thing
  },
})
app.route({ ...operation('sent'), handler: (_request, reply) => reply.code(208).send(thing) })
app.route({
  ...operation('fresh'),
  handler: (request, reply) => (notModified(request, reply, '"1"') ? answer(null) : thing),
})
app.get('/stream', () => answer(Readable.from(['a', 'b']), { headers: { 'content-type': 'text/plain' } }))
app.route({ ...listNotes, handler: request => pageAnswer(request, { items: [], nextCursor: 'a b' }) })
await app.ready()
t.teardown(() => app.close())

const get = (id: string, headers = {}) => app.inject({ url: `/v1/things/${id}`, headers })

t.test('a bare body has the contract’s first 2xx', async t => {
  for (const id of ['bare', 'later']) {
    const { statusCode, body } = await get(id)
    t.equal(statusCode, 202)
    t.same(JSON.parse(body), thing)
  }
})

t.test('an answer may have a status and headers of its own', async t => {
  const tagged = await get('answer')
  t.equal(tagged.statusCode, 202)
  t.equal(tagged.headers['cache-tag'], 'thing')
  const made = await get('created')
  t.equal(made.statusCode, 201)
  t.match(made.headers, { location: '/v1/things/1', etag: '"1"' })
  t.equal((await get('own')).statusCode, 203)
  t.equal((await get('sent')).statusCode, 208)
})

t.test('nothing is nothing: no body, no length', async t => {
  const nothing = await get('nothing')
  t.equal(nothing.statusCode, 204)
  const fresh = await get('fresh', { 'if-none-match': '"1"' })
  t.equal(fresh.statusCode, 304)
  t.equal(fresh.headers.etag, '"1"')
  for (const { body, headers } of [nothing, fresh]) {
    t.equal(body, '')
    t.notOk(headers['content-length'])
  }
  t.equal((await get('fresh')).statusCode, 202)
})

t.test('a stream flows', async t => {
  const { body, headers } = await app.inject('/stream')
  t.equal(body, 'ab')
  t.match(headers['content-type'], /^text\/plain/)
})

t.test('a page links the next, with its filters', async t => {
  const { headers } = await app.inject('/v1/notes?tag=x%20y&cursor=old&limit=5')
  t.equal(headers.link, '</v1/notes?tag=x+y&cursor=a+b&limit=5>; rel="next"')
})

t.test('HEAD is GET without the body', async t => {
  const { statusCode, body, headers } = await app.inject({ method: 'HEAD', url: '/v1/things/answer' })
  t.equal(statusCode, 202)
  t.equal(body, '')
  t.equal(headers['cache-tag'], 'thing')
})

// What must not compile: the compiler is expected to find an error in the line below each.
function wrong(): void {
  // @ts-expect-error: the contract knows no such body
  app.route({ ...operation('wrong1'), handler: () => ({ other: 1 }) })
  // @ts-expect-error: nor in an Answer
  app.route({ ...operation('wrong2'), handler: () => answer({ other: 1 }) })
  // @ts-expect-error: it takes no body
  app.route({ ...operation('wrong3'), handler: ({ body }) => ({ body: body.text }) })
}
t.type(wrong, 'function', 'never called')
