import t from 'tap'
import { created } from '../src/index.ts'
import { as, createNote, createNotes, listNotes, noteId } from './fixture.ts'

const app = await createNotes()
app.route({
  ...createNote,
  handler: async ({ body }) =>
    created(`/v1/notes/${noteId}`, {
      id: noteId,
      body: body.body,
      kind: body.kind ?? 'rich',
      parentId: body.parentId ?? null,
    }),
})
app.route({ ...listNotes, handler: ({ query }) => ({ items: [], nextCursor: JSON.stringify(query) }) })
await app.ready()
t.teardown(() => app.close())

async function refusal(payload: unknown) {
  const answer = await app.inject({
    method: 'POST',
    url: '/v1/notes',
    headers: { ...(await as()), 'content-type': 'application/json' },
    payload: JSON.stringify(payload),
  })
  return { status: answer.statusCode, ...answer.json() }
}

t.test('a good body is taken, with its defaults', async t => {
  const answer = await app.inject({ method: 'POST', url: '/v1/notes', headers: await as(), payload: { body: 'hello' } })
  t.equal(answer.statusCode, 201)
  t.equal(answer.headers.location, `/v1/notes/${noteId}`)
  t.same(answer.json(), { id: noteId, body: 'hello', kind: 'plain', parentId: null })
})

t.test('each wrong field is named', async t => {
  const { status, code, errors } = await refusal({
    body: 7,
    kind: 'odd',
    parentId: 'x',
    origin: { address: 'nobody', extra: 1 },
  })
  t.equal(status, 400)
  t.equal(code, 'invalid_input')
  t.same(
    new Set(errors.map(({ pointer }: { pointer: string }) => pointer)),
    new Set(['#/body', '#/kind', '#/parentId', '#/origin/address', '#/origin/extra']),
  )
  for (const error of errors) t.equal(error.in, 'body')
})

t.test('in a body nothing is coerced or dropped', async t => {
  const cases: [unknown, string, string][] = [
    [{}, '#/body', 'is required'],
    [{ body: '' }, '#/body', 'must NOT have fewer than 1 characters'],
    [{ body: 'x', extra: 1 }, '#/extra', 'is not known here'],
    [{ body: 'x', 'a/b~c d': 1 }, '#/a~1b~0c%20d', 'is not known here'],
    [{ body: 'x', origin: { address: 'a@b.example', count: '3' } }, '#/origin/count', 'must be integer'],
    [{ body: 'x', origin: {} }, '#/origin/address', 'is required'],
    [{ body: 'x', parentId: 3 }, '#/parentId', 'must be string'],
    [{ body: 'x', kind: 'odd' }, '#/kind', 'must be one of plain, rich'],
    [[], '#', 'must be object'],
    [null, '#', 'must be object'],
  ]
  for (const [payload, pointer, detail] of cases) {
    const { status, errors } = await refusal(payload)
    t.equal(status, 400)
    t.same(errors, [{ pointer, in: 'body', detail }])
  }
})

t.test('a body that is wrong everywhere names no more than its reader can use', async t => {
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`field${index}`, index]))
  t.equal((await refusal(many)).errors.length, 32)
})

t.test('a large body that is wrong everywhere is cheap to refuse', async t => {
  const tooMany = Array.from({ length: 5_000 }, () => 1)
  const { errors } = await refusal({ body: 1, kind: 2, lots: tooMany })
  t.equal(errors.length, 1, 'the first reason is enough')
})

t.test('a query is coerced, has its defaults, and may say more than we know', async t => {
  const answer = await app.inject('/v1/notes?tag=a&utm_source=mail')
  t.equal(answer.statusCode, 200)
  t.same(JSON.parse(answer.json().nextCursor), { limit: 20, tag: ['a'], utm_source: 'mail' })
  const both = await app.inject('/v1/notes?tag=a&tag=b&limit=7')
  t.same(JSON.parse(both.json().nextCursor), { limit: 7, tag: ['a', 'b'] })
  for (const limit of ['0', '101', '1.5', 'many', '']) {
    const wrong = await app.inject(`/v1/notes?limit=${limit}`)
    t.equal(wrong.statusCode, 400, `limit=${limit}`)
    t.match(wrong.json(), { code: 'invalid_input', errors: [{ pointer: '#/limit', in: 'query' }] })
  }
})

t.test('the published contract stays open: readers tolerate what is new', async t => {
  const document = (await app.inject('/contract.json')).json()
  const body = document.operations.find(({ id }: { id: string }) => id === 'createNote').schema.body
  t.notOk('additionalProperties' in body)
})
