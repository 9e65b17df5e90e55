import t from 'tap'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import {
  canonicalJson,
  contractDigest,
  contractDocument,
  defineBroadcast,
  defineEvent,
  defineOperation,
  defineProblem,
  nullable,
  Problem,
  ProblemError,
  pageOf,
  policyOf,
  type ServiceContract,
} from './index.ts'

const NoteLocked = defineProblem('note_locked', 409, 'The note is locked', 'Somebody else writes in it.')
const Note = Type.Object({ id: Type.String(), parentId: nullable(Type.String()) })
const getNote = defineOperation({
  id: 'getNote',
  method: 'GET',
  url: '/v1/notes/:id',
  summary: 'Read a note',
  schema: { params: Type.Object({ id: Type.String() }), response: { 200: Note } },
  errors: [NoteLocked],
  policy: { access: 'public', cache: { maxAgeSeconds: 5 } },
})
const NoteWritten = defineEvent('notes.note.written.v2', Type.Object({ noteId: Type.String() }), {
  description: 'A note was written',
  key: ({ noteId }) => noteId,
})
const contract: ServiceContract = {
  name: 'notes',
  version: '1.0.0',
  description: 'Notes',
  operations: [getNote],
  emits: [NoteWritten],
  broadcasts: [],
  listensTo: [],
}

t.test('an operation is what Fastify mounts, and knows its policy when it runs', async t => {
  t.same(Object.keys(getNote.schema.response), ['200', '4xx', '5xx'])
  t.same(getNote.config.operation, { id: 'getNote', policy: getNote.policy })
  t.notOk('bodyLimit' in getNote, 'a route without a body has no limit to set')
  const created = defineOperation({
    ...getNote,
    id: 'x',
    method: 'POST',
    schema: { response: { 201: Note } },
    policy: {},
  })
  t.equal(created.bodyLimit, 65_536)
})

t.test('a policy that says nothing is the careful one of its method', async t => {
  t.match(policyOf('GET'), {
    access: 'signed-in',
    rateClass: 'read',
    repeatable: 'always',
    bodyLimitBytes: 0,
    cache: null,
  })
  t.match(policyOf('POST'), { rateClass: 'write', repeatable: 'with-key' })
  t.equal(policyOf('PATCH').repeatable, 'never')
  t.equal(policyOf('PUT').repeatable, 'always')
  t.equal(policyOf('POST', { repeatable: 'never' }).repeatable, 'never')
})

t.test('an event’s subject says whose it is', async t => {
  t.match(NoteWritten, { service: 'notes', entity: 'notes.note' })
  t.equal(NoteWritten.key({ noteId: 'n' }), 'n')
  const options = { description: '', key: () => '' }
  for (const wrong of [
    'note.written.v1',
    'notes.note.written',
    'notes.note.written.v0',
    'Notes.note.written.v1',
    'a.b.c.v1.d',
  ]) {
    t.throws(() => defineEvent(wrong, Type.Object({}), options), TypeError, wrong)
  }
  const broadcast = defineBroadcast('broadcast.notes.burnt', Type.Object({}), { description: '' })
  t.equal(broadcast.service, 'notes')
})

t.test('the document is plain data, and its digest changes with the promise alone', async t => {
  const document = contractDocument(contract)
  t.same(JSON.parse(JSON.stringify(document)), document)
  t.match(document.operations[0], {
    id: 'getNote',
    errors: [{ code: 'note_locked', status: 409 }],
    policy: { access: 'public' },
  })
  t.match(document.events, [{ subject: 'notes.note.written.v2', schema: { type: 'object' } }])
  const digest = contractDigest(document)
  t.match(digest, /^[0-9a-f]{64}$/)
  t.equal(contractDigest(contractDocument({ ...contract })), digest)
  t.equal(
    contractDigest(
      Object.assign(
        Object.create(null),
        ...Object.entries(document)
          .reverse()
          .map(([name, value]) => ({ [name]: value })),
      ),
    ),
    digest,
    'in whatever order its members stand',
  )
  t.not(contractDigest(contractDocument({ ...contract, version: '1.0.1' })), digest)
})

t.test('canonical JSON: equal values, equal text', async t => {
  t.equal(canonicalJson({ b: [1, { d: null, c: 'x' }], a: undefined }), '{"b":[1,{"c":"x","d":null}]}')
  t.equal(canonicalJson({ a: 1, b: 2 }), canonicalJson({ b: 2, a: 1 }))
  t.not(canonicalJson([1, 2]), canonicalJson([2, 1]))
  t.equal(canonicalJson(JSON.parse('{"__proto__":1}')), '{"__proto__":1}')
})

t.test('a problem is an error to throw and a body to send', async t => {
  const cause = new Error('why')
  const error = NoteLocked({
    detail: 'By Ada.',
    errors: [{ pointer: '#/id', detail: 'no' }],
    extensions: { since: 1, status: 200 },
    cause,
  })
  t.ok(error instanceof ProblemError)
  t.equal(error.cause, cause)
  t.equal(error.statusCode, 409)
  t.equal(error.message, 'By Ada.')
  const body = error.toProblem({ instance: '/v1/notes/7', traceId: 'abc' })
  t.ok(Value.Check(Problem, body))
  t.same(body, {
    since: 1,
    type: '/docs/problems#note_locked',
    title: 'The note is locked',
    status: 409,
    detail: 'By Ada.',
    instance: '/v1/notes/7',
    traceId: 'abc',
    code: 'note_locked',
    errors: [{ pointer: '#/id', detail: 'no' }],
  })
  t.same(NoteLocked().toProblem(), {
    type: '/docs/problems#note_locked',
    title: 'The note is locked',
    status: 409,
    code: 'note_locked',
  })
})

t.test('a page is items and where to go on', async t => {
  const page = pageOf(Note)
  t.ok(Value.Check(page, { items: [{ id: 'a', parentId: null }], nextCursor: null }))
  t.notOk(Value.Check(page, { items: [] }))
})
