import type { Directives } from './cache-control.ts'
import { fieldOf, tokensIn } from './fields.ts'

/** Statuses whose meaning for a cache is known here (RFC 9111, section 5.2.2.3). */
const understood: ReadonlySet<number> = new Set([
  200, 203, 204, 300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 410, 414, 421, 451, 500, 501, 502, 503, 504,
])

export interface Candidate {
  readonly status: number
  readonly headers: readonly string[]
  readonly directives: Directives
  /** Of the request. */
  readonly withAuthorization: boolean
  readonly asked: Directives
  readonly lifetimeSeconds: number | null
}

/** Whether an answer to GET may be kept for others (RFC 9111, section 3). */
export function mayStore({
  status,
  headers,
  directives,
  withAuthorization,
  asked,
  lifetimeSeconds,
}: Candidate): boolean {
  if (status === 206 || status === 304 || status < 200) return false
  if (directives.mustUnderstand ? !understood.has(status) : directives.noStore) return false
  if (asked.noStore || directives.isPrivate) return false
  const { isPublic, sMaxAge, mustRevalidate } = directives
  if (withAuthorization && !isPublic && sMaxAge === null && !mustRevalidate) return false
  // The RFC leaves cookies open. One is nearly always for one person: what comes with it must say itself that it is for
  // all, and is kept without it.
  const explicit = sMaxAge !== null || directives.maxAge !== null || fieldOf(headers, 'expires') !== undefined
  if (!explicit && fieldOf(headers, 'set-cookie') !== undefined) return false
  if (tokensIn(fieldOf(headers, 'vary') ?? '').includes('*')) return false
  if (lifetimeSeconds === null) return status === 200 && hasValidator(headers)
  return lifetimeSeconds > 0 || hasValidator(headers) || directives.staleWhileRevalidate !== null
}

const hasValidator = (headers: readonly string[]) =>
  fieldOf(headers, 'etag') !== undefined || fieldOf(headers, 'last-modified') !== undefined

/** Fields that an answer is kept without: those for one connection are gone already, these it names itself. */
export function unstoredFields({ privateFields, noCacheFields }: Directives): ReadonlySet<string> {
  return new Set(['age', 'cache-status', 'set-cookie', ...privateFields, ...noCacheFields])
}
