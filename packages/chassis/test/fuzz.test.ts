import fc from 'fast-check'
import t from 'tap'
import { as, createNote, createNotes, listNotes, noteId } from './fixture.ts'

const app = await createNotes()
app.route({
  ...createNote,
  handler: ({ body }) => ({
    id: noteId,
    body: body.body,
    kind: body.kind ?? 'plain',
    parentId: body.parentId ?? null,
  }),
})
app.route({ ...listNotes, handler: () => ({ items: [], nextCursor: null }) })
await app.ready()
t.teardown(() => app.close())
const headers = { ...(await as()), 'content-type': 'application/json' }

t.test('whatever comes as a body is taken whole or refused by name, and never a defect', async () => {
  const near = fc.record(
    {
      body: fc.oneof(fc.string(), fc.jsonValue()),
      kind: fc.oneof(fc.constantFrom('plain', 'rich'), fc.string()),
      parentId: fc.oneof(fc.uuid(), fc.constant(null), fc.jsonValue()),
      origin: fc.oneof(fc.record({ address: fc.emailAddress(), count: fc.integer() }), fc.jsonValue()),
    },
    { requiredKeys: [] },
  )
  const payloads = fc.oneof(
    near.map(value => JSON.stringify(value)),
    fc.json(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '[',
      '{"body":1e999}',
      '{"__proto__":{}}',
      '"\\ud800"',
      '{"body":"\\u0000"}',
      `${'['.repeat(20_000)}`,
    ),
  )
  await fc.assert(
    fc.asyncProperty(payloads, async payload => {
      const answer = await app.inject({ method: 'POST', url: '/v1/notes', headers, payload })
      if (answer.statusCode === 201) return
      if (answer.statusCode !== 400) throw new Error(`${answer.statusCode}: ${answer.body}`)
      const { code, errors } = answer.json()
      if (code === 'malformed_body') return
      if (code !== 'invalid_input' || errors.length === 0) throw new Error(answer.body)
      for (const { pointer } of errors) if (!/^#(\/|$)/.test(pointer)) throw new Error(pointer)
    }),
    { numRuns: 400 },
  )
})

t.test('whatever comes as a query has an answer below 500', async () => {
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string(), fc.string()), fc.string(), async (fields, raw) => {
      for (const query of [new URLSearchParams(fields).toString(), encodeURI(raw.toWellFormed())]) {
        const answer = await app.inject(`/v1/notes?limit=${encodeURIComponent(raw.toWellFormed())}&${query}`)
        if (answer.statusCode >= 500) throw new Error(`${query}: ${answer.body}`)
      }
    }),
    { numRuns: 200 },
  )
})

t.test('every wait of the server has a bound', async t => {
  const { keepAliveTimeout, headersTimeout, requestTimeout, timeout } = app.server
  t.same(
    { keepAliveTimeout, headersTimeout, requestTimeout, timeout },
    {
      keepAliveTimeout: 72_000,
      headersTimeout: 10_000,
      requestTimeout: 60_000,
      timeout: 120_000,
    },
  )
})
