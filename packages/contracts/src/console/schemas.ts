import { type Static, Type } from 'typebox'
import { nullable, Timestamp } from '../schemas.ts'

const jaegerId = Type.String({ pattern: '^[0-9a-fA-F]{1,32}$' })

/** A span's attribute as Jaeger's API writes it. */
const JaegerTag = Type.Object({ key: Type.String(), type: Type.String(), value: Type.Unknown() })
const JaegerSpan = Type.Object({
  traceID: jaegerId,
  spanID: jaegerId,
  operationName: Type.String(),
  references: Type.Array(Type.Object({ refType: Type.String(), traceID: jaegerId, spanID: jaegerId })),
  startTime: Type.Integer({ description: 'Microseconds since 1970' }),
  duration: Type.Integer({ description: 'Microseconds' }),
  tags: Type.Array(JaegerTag),
  logs: Type.Array(Type.Object({ timestamp: Type.Integer(), fields: Type.Array(JaegerTag) })),
  processID: Type.String(),
  warnings: nullable(Type.Array(Type.String())),
})
export const JaegerTrace = Type.Object({
  traceID: jaegerId,
  spans: Type.Array(JaegerSpan),
  processes: Type.Record(Type.String(), Type.Object({ serviceName: Type.String(), tags: Type.Array(JaegerTag) })),
  warnings: nullable(Type.Array(Type.String())),
})
export type JaegerTrace = Static<typeof JaegerTrace>

/** Jaeger's envelope around every answer. */
export const jaegerAnswer = <Data extends Parameters<typeof Type.Array>[0]>(data: Data) =>
  Type.Object({
    data,
    total: Type.Integer(),
    limit: Type.Integer(),
    offset: Type.Integer(),
    errors: nullable(Type.Array(Type.Object({ code: Type.Integer(), msg: Type.String() }))),
  })

export const MailboxItem = Type.Object({
  id: Type.String(),
  from: Type.String(),
  to: Type.Array(Type.String()),
  subject: Type.String(),
  text: Type.String(),
  html: Type.String(),
  headers: Type.Record(Type.String(), Type.String(), {
    description: 'Names in lower case; repeated ones joined by a line break',
  }),
  receivedAt: Timestamp,
  traceId: nullable(Type.String({ description: 'Of the request that led to this mail, when it says so' })),
})
export type MailboxItem = Static<typeof MailboxItem>

/** One process, as it last announced itself. */
export const ReplicaState = Type.Object({
  service: Type.String(),
  instance: Type.String(),
  address: Type.String(),
  version: Type.String(),
  contractDigest: Type.String(),
  startedAt: Timestamp,
  zone: Type.String(),
  weight: Type.Number(),
  inFlight: Type.Integer(),
  utilisation: Type.Number(),
  draining: Type.Boolean(),
  seenAt: Timestamp,
  state: Type.Enum(['serving', 'draining', 'silent']),
})
export type ReplicaState = Static<typeof ReplicaState>
