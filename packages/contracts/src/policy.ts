/** What an account may be. `operator` runs the system and is not given by the API. */
export const roles = ['reader', 'author', 'moderator', 'admin', 'operator'] as const
export type Role = (typeof roles)[number]

/**
 * Who may call.
 * - `public`: anyone; a session, if there is one, is still exchanged, so that the answer can depend on the reader
 * - `signed-in`: any live account
 * - a list of roles: one of these
 * - `internal`: the gateway itself; never routed from outside
 */
export type Access = 'public' | 'signed-in' | 'internal' | readonly Role[]

/** Which bucket of the rate limiter a call is counted in. */
export type RateClass = 'read' | 'write' | 'auth' | 'upload' | 'none'

/** How the gateway may keep an answer. Only answers to requests without a principal are shared. */
export interface CachePolicy {
  maxAgeSeconds: number
  staleWhileRevalidateSeconds?: number
  staleIfErrorSeconds?: number
}

/** What the gateway needs to know of a route; it knows nothing else of it. */
export interface Policy {
  access: Access
  /** From the first byte at the gateway to the last header of the answer, milliseconds. */
  deadlineMs: number
  /** The largest body taken, bytes. 0: no body. */
  bodyLimitBytes: number
  rateClass: RateClass
  cache: CachePolicy | null
  /** Whether the same request may be sent to a second replica: by its method, or because `Idempotency-Key` makes it safe. */
  repeatable: 'always' | 'with-key' | 'never'
  /** How the answer or request flows: whole, as a stream of bytes, as an event stream, or by upgrade. */
  flow: 'message' | 'stream' | 'events' | 'websocket'
}

const seconds = 1_000
const kibibytes = 1_024

/** The policy of a route that says nothing: what its method suggests. */
export function policyOf(method: string, given: Partial<Policy> = {}): Policy {
  const reads = method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
  return {
    access: 'signed-in',
    deadlineMs: 10 * seconds,
    bodyLimitBytes: reads ? 0 : 64 * kibibytes,
    rateClass: reads ? 'read' : 'write',
    cache: null,
    repeatable: method === 'POST' ? 'with-key' : method === 'PATCH' ? 'never' : 'always',
    flow: 'message',
    ...given,
  }
}
