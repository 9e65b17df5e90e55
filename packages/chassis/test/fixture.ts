import { defineOperation, pageOf, pageQuery, type ServiceContract, writeHeaders } from '@portico/contracts'
import { createSigner, createVerifier, generateKeyPair, type Principal } from '@portico/identity'
import { silentTelemetry, type Telemetry } from '@portico/telemetry'
import { Type } from 'typebox'
import { type App, createService, type ServiceConfig } from '../src/index.ts'

export const Note = Type.Object({
  id: Type.String({ format: 'uuid' }),
  body: Type.String({ minLength: 1, maxLength: 100 }),
  kind: Type.Enum(['plain', 'rich']),
  parentId: Type.Union([Type.String({ format: 'uuid' }), Type.Null()]),
})
const NewNote = Type.Object({
  body: Type.String({ minLength: 1, maxLength: 100 }),
  kind: Type.Optional(Type.Enum(['plain', 'rich'], { default: 'plain' })),
  parentId: Type.Optional(Type.Union([Type.String({ format: 'uuid' }), Type.Null()])),
  origin: Type.Optional(
    Type.Object({ address: Type.String({ format: 'email' }), count: Type.Optional(Type.Integer()) }),
  ),
})
const params = Type.Object({ id: Type.String({ format: 'uuid' }) })

export const createNote = defineOperation({
  id: 'createNote',
  method: 'POST',
  url: '/v1/notes',
  summary: 'Write a note',
  schema: { body: NewNote, headers: writeHeaders, response: { 201: Note } },
})
export const getNote = defineOperation({
  id: 'getNote',
  method: 'GET',
  url: '/v1/notes/:id',
  summary: 'Read a note',
  schema: { params, response: { 200: Note } },
  policy: { access: 'public' },
})
export const listNotes = defineOperation({
  id: 'listNotes',
  method: 'GET',
  url: '/v1/notes',
  summary: 'List notes',
  schema: {
    querystring: Type.Object({ ...pageQuery, tag: Type.Optional(Type.Array(Type.String())) }),
    response: { 200: pageOf(Note) },
  },
  policy: { access: 'public' },
})
export const deleteNote = defineOperation({
  id: 'deleteNote',
  method: 'DELETE',
  url: '/v1/notes/:id',
  summary: 'Drop a note',
  schema: { params, response: { 204: Type.Null() } },
  policy: { access: ['moderator', 'admin'] },
})
export const exchange = defineOperation({
  id: 'exchange',
  method: 'POST',
  url: '/internal/exchange',
  summary: 'Asked by the gateway',
  schema: { body: Type.Object({ token: Type.String() }), response: { 200: Type.Object({ ok: Type.Boolean() }) } },
  policy: { access: 'internal' },
})

export const contract: ServiceContract = {
  name: 'notes',
  version: '1.2.3',
  description: 'Notes, to look at the chassis with',
  operations: [createNote, getNote, listNotes, deleteNote, exchange],
  emits: [],
  broadcasts: [],
  listensTo: [],
}

export const config: ServiceConfig = {
  host: '127.0.0.1',
  port: 0,
  instance: 'notes-1',
  zone: '',
  weight: 1,
  drainMs: 200,
  shutdownMs: 2_000,
}

export const keys = await generateKeyPair()
const signer = await createSigner({ privateJwk: keys.privateJwk, issuer: 'user', lifetimeMs: 60_000 })
export const verifier = createVerifier({ jwks: keys.jwks, cacheSize: 100 })

export const reader: Principal = {
  userId: '019ab9c0-0000-7000-8000-000000000001',
  role: 'reader',
  sessionId: '019ab9c0-0000-7000-8000-0000000000aa',
  handle: 'reader',
  scopes: null,
}
export const noteId = '019ab9c0-0000-7000-8000-00000000000f'

/** The header fields of a signed-in request. */
export async function as(principal: Partial<Principal> = {}): Promise<{ authorization: string }> {
  const { token } = await signer.sign({ ...reader, ...principal })
  return { authorization: `Bearer ${token}` }
}

export function createNotes(telemetry: Telemetry = silentTelemetry()): Promise<App> {
  return createService({ contract, config, telemetry, verifier, ready: {} })
}
