import { createHash } from 'node:crypto'
import type { BroadcastDefinition, EventDefinition } from './event.ts'
import type { Operation } from './operation.ts'
import type { Policy } from './policy.ts'

/** Everything one service promises, as objects that its code uses. */
export interface ServiceContract {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly operations: readonly Operation[]
  readonly emits: readonly EventDefinition[]
  readonly broadcasts: readonly BroadcastDefinition[]
  /** The entities and broadcasts of others that it listens to: `user.account`, `broadcast.user.…`. */
  readonly listensTo: readonly string[]
  /** Set by the one service that turns a session into an internal token. */
  readonly sessionExchange?: SessionExchange
}

/** How a gateway asks who a session is, and how it hears that one ended. */
export interface SessionExchange {
  /** `POST { token }` answers `SessionExchanged`, or 401. */
  readonly url: string
  /** Broadcast with `{ sessionIds?, userId? }` when sessions end. */
  readonly revokedSubject: string
  /** Broadcast each `beatMs` by each replica. Silence for longer than 3 beats: ask again instead of trusting a cache. */
  readonly beatSubject: string
  readonly beatMs: number
}

/** The same promise as data: what a replica serves at `/contract.json` and `released/` keeps. */
export interface ContractDocument {
  service: string
  version: string
  description: string
  operations: OperationDocument[]
  events: { subject: string; description: string; schema: unknown }[]
  broadcasts: { subject: string; description: string; schema: unknown }[]
  listensTo: string[]
  sessionExchange: SessionExchange | null
}

export interface OperationDocument {
  id: string
  method: string
  url: string
  summary: string
  description: string
  tags: string[]
  consumes: string
  produces: string
  policy: Policy
  schema: {
    params?: unknown
    querystring?: unknown
    headers?: unknown
    body?: unknown
    response: Record<string, unknown>
  }
  errors: { code: string; status: number; title: string; meaning: string }[]
}

export const contractPath = '/contract.json'

/** The contract as plain JSON, in a stable order. */
export function contractDocument(contract: ServiceContract): ContractDocument {
  return JSON.parse(
    JSON.stringify({
      service: contract.name,
      version: contract.version,
      description: contract.description,
      operations: contract.operations.map(operation => ({
        id: operation.id,
        method: operation.method,
        url: operation.url,
        summary: operation.summary,
        description: operation.description,
        tags: operation.tags,
        consumes: operation.consumes,
        produces: operation.produces,
        policy: operation.policy,
        schema: operation.schema,
        errors: operation.errors.map(({ code, status, title, meaning }) => ({ code, status, title, meaning })),
      })),
      events: contract.emits.map(({ subject, description, schema }) => ({ subject, description, schema })),
      broadcasts: contract.broadcasts.map(({ subject, description, schema }) => ({ subject, description, schema })),
      listensTo: contract.listensTo,
      sessionExchange: contract.sessionExchange ?? null,
    }),
  )
}

/** SHA-256 of the document in canonical form (keys sorted), hex. Two replicas with one digest promise the same. */
export function contractDigest(document: ContractDocument): string {
  return createHash('sha256').update(canonicalJson(document)).digest('hex')
}

/** JSON with the members of each object in one order: equal values, equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`)
    return `{${members.join(',')}}`
  }
  return JSON.stringify(value)
}
