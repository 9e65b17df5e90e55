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
