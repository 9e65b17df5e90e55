import Fastify from 'fastify'
import t from 'tap'
import { Type } from 'typebox'
import { serialiseBySchema } from './serialising.ts'

const Item = Type.Object({
  id: Type.String({ format: 'uuid' }),
  kind: Type.Enum(['plain', 'rich']),
  parentId: Type.Union([Type.String({ format: 'uuid' }), Type.Null()]),
  count: Type.Union([Type.Integer(), Type.Null()]),
  author: Type.Union([Type.Object({ name: Type.String() }), Type.Null()]),
  at: Type.String({ format: 'date-time' }),
  either: Type.Optional(Type.Union([Type.String(), Type.Number()])),
  literal: Type.Optional(Type.Literal('x')),
  tags: Type.Array(Type.String()),
  any: Type.Optional(Type.Unknown()),
})
const full = {
  id: '019ab9c0-0000-7000-8000-00000000000f',
  kind: 'rich',
  parentId: '019ab9c0-0000-7000-8000-00000000000e',
  count: 0,
  author: { name: 'Ada "the first" \u2028' },
  at: '2026-11-23T12:00:00.000Z',
  either: 7,
  literal: 'x',
  tags: ['a', 'ü'],
  any: { deep: [1, null] },
}
const sparse = { ...full, parentId: null, count: null, author: null, either: 'text', tags: [] }

async function serialise(value: unknown) {
  const app = Fastify()
  serialiseBySchema(app)
  app.get('/', { schema: { response: { 200: Type.Object({ items: Type.Array(Item) }) } } }, () => value)
  const answer = await app.inject('/')
  await app.close()
  return answer
}

t.test('what the contract names leaves as it is', async t => {
  const answer = await serialise({ items: [full, sparse] })
  t.equal(answer.statusCode, 200)
  t.same(answer.json(), { items: [full, sparse] })
})

t.test('what it does not name does not leave', async t => {
  const answer = await serialise({
    items: [{ ...full, passwordHash: 'secret', author: { name: 'Ada', email: 'secret' } }],
  })
  t.notMatch(answer.body, /secret/)
})

t.test('what is missing is a defect of ours, not a hole in the answer', async t => {
  const { id: _, ...incomplete } = full
  t.equal((await serialise({ items: [incomplete] })).statusCode, 500)
})
