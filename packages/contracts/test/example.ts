import { contractDigest, contractDocument, defineEvent, defineOperation, defineProblem } from '@portico/contracts'
import { Type } from 'typebox'

const Note = Type.Object({ id: Type.String({ format: 'uuid' }), text: Type.String({ maxLength: 500 }) })

const NoteNotFound = defineProblem('note_not_found', 404, 'There is no such note', 'It never was, or not for you.')

const getNote = defineOperation({
  id: 'getNote',
  method: 'GET',
  url: '/v1/notes/:id',
  summary: 'Read a note',
  schema: { params: Type.Pick(Note, ['id']), response: { 200: Note } },
  errors: [NoteNotFound],
  policy: { access: 'public', cache: { maxAgeSeconds: 5 } },
})

const NoteWritten = defineEvent('notes.note.written.v1', Note, {
  description: 'A note was written',
  key: ({ id }) => id,
})

export const document = contractDocument({
  name: 'notes',
  version: '1.0.0',
  description: 'Notes',
  operations: [getNote],
  emits: [NoteWritten],
  broadcasts: [],
  listensTo: ['user.account'],
})
export const digest = contractDigest(document)
