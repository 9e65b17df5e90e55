import { type ContractDocument, roles } from '@portico/contracts'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'

/** A contract that says more than this is not believed: no route table grows without bound. */
export const contractLimits = { bytes: 4 * 1024 * 1024, operations: 1_000 } as const

const seconds = 1_000
const path = Type.String({ pattern: '^/[^\\s?#\\\\]*$', maxLength: 512 })
const anySchema = Type.Optional(Type.Unknown())

const cache = Type.Object({
  maxAgeSeconds: Type.Number({ minimum: 0 }),
  staleWhileRevalidateSeconds: Type.Optional(Type.Number({ minimum: 0 })),
  staleIfErrorSeconds: Type.Optional(Type.Number({ minimum: 0 })),
})

const policy = Type.Object({
  access: Type.Union([
    Type.Enum(['public', 'signed-in', 'internal']),
    Type.Array(Type.Enum([...roles]), { minItems: 1, maxItems: roles.length }),
  ]),
  deadlineMs: Type.Number({ minimum: 0, maximum: 24 * 60 * 60 * seconds }),
  bodyLimitBytes: Type.Number({ minimum: 0 }),
  rateClass: Type.Enum(['read', 'write', 'auth', 'upload', 'none']),
  cache: Type.Union([cache, Type.Null()]),
  repeatable: Type.Enum(['always', 'with-key', 'never']),
  flow: Type.Enum(['message', 'stream', 'events', 'websocket']),
})

const operation = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 128 }),
  method: Type.String({ pattern: '^[A-Z][A-Z-]{2,15}$' }),
  url: path,
  summary: Type.String(),
  description: Type.String(),
  tags: Type.Array(Type.String()),
  consumes: Type.String(),
  produces: Type.String(),
  policy,
  schema: Type.Object({
    params: anySchema,
    querystring: anySchema,
    headers: anySchema,
    body: anySchema,
    response: Type.Record(Type.String(), Type.Unknown()),
  }),
  errors: Type.Array(
    Type.Object({ code: Type.String(), status: Type.Integer(), title: Type.String(), meaning: Type.String() }),
  ),
})

const message = Type.Object({ subject: Type.String(), description: Type.String(), schema: Type.Unknown() })

const subject = Type.String({ pattern: '^[a-zA-Z0-9_-]+(\\.[a-zA-Z0-9_-]+)*$', maxLength: 256 })

const document = Compile(
  Type.Object({
    service: Type.String({ pattern: '^[a-z][a-z0-9-]{0,31}$' }),
    version: Type.String({ maxLength: 64 }),
    description: Type.String(),
    operations: Type.Array(operation, { maxItems: contractLimits.operations }),
    events: Type.Array(message),
    broadcasts: Type.Array(message),
    listensTo: Type.Array(Type.String()),
    sessionExchange: Type.Union([
      Type.Object({ url: path, revokedSubject: subject, beatSubject: subject, beatMs: Type.Number({ minimum: 10 }) }),
      Type.Null(),
    ]),
  }),
)

/** The document, or a throw that names the first thing wrong with it. */
export function readContract(value: unknown): ContractDocument {
  if (document.Check(value)) return value
  const [first] = document.Errors(value)
  throw new Error(`not a contract: ${first?.instancePath || '/'} ${first?.message ?? 'is wrong'}`)
}
