import { created, createService } from '@portico/chassis'
import { defineOperation, type ServiceContract } from '@portico/contracts'
import { createVerifier, generateKeyPair } from '@portico/identity'
import { silentTelemetry } from '@portico/telemetry'
import { Type } from 'typebox'

const Note = Type.Object({ id: Type.String(), text: Type.String({ maxLength: 500 }) })
const createNote = defineOperation({
  id: 'createNote',
  method: 'POST',
  url: '/v1/notes',
  summary: 'Write a note',
  schema: { body: Type.Pick(Note, ['text']), response: { 201: Note } },
  policy: { access: 'public' },
})
const contract: ServiceContract = {
  name: 'notes',
  version: '1.0.0',
  description: 'Notes',
  operations: [createNote],
  emits: [],
  broadcasts: [],
  listensTo: [],
}

const { jwks } = await generateKeyPair()
export const app = await createService({
  contract,
  config: { host: '127.0.0.1', port: 0, instance: 'notes-1', zone: '', weight: 1, drainMs: 1_000, shutdownMs: 5_000 },
  telemetry: silentTelemetry(),
  verifier: createVerifier({ jwks, cacheSize: 10_000 }),
  ready: { database: async () => true },
})
app.route({
  ...createNote,
  handler: ({ body, principal }) =>
    created('/v1/notes/1', { id: '1', text: `${principal?.handle ?? 'somebody'} says ${body.text}` }),
})
