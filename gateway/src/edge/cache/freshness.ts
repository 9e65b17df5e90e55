import type { CachePolicy } from '@portico/contracts'
import type { Directives } from './cache-control.ts'
import { fieldOf } from './fields.ts'
import { parseHttpDate } from './http-date.ts'

/** When a request went out and its answer came, milliseconds since 1970. */
export interface Moments {
  readonly requestedAtMs: number
  readonly receivedAtMs: number
}

/** How old an answer was when it came, seconds (RFC 9111, section 4.2.3). Infinity: it says so in a way nobody can read. */
export function initialAge(headers: readonly string[], { requestedAtMs, receivedAtMs }: Moments): number {
  const said = fieldOf(headers, 'age')
  // The RFC would have us ignore a broken Age: then an answer that may be hours old would count as new.
  if (said !== undefined && !/^\d+$/.test(said)) return Number.POSITIVE_INFINITY
  const dateMs = parseHttpDate(fieldOf(headers, 'date'), receivedAtMs) ?? receivedAtMs
  const apparent = Math.max(0, (receivedAtMs - dateMs) / 1_000)
  const corrected = Number(said ?? 0) + (receivedAtMs - requestedAtMs) / 1_000
  // An apparent age below a second is only the rounding of Date.
  return Math.max(apparent < 1 ? 0 : apparent, corrected)
}

/** Of a tenth of the time since the last change, at most this. */
const longestHeuristicSeconds = 24 * 60 * 60

/** Statuses that may be kept without being told for how long (RFC 9110, section 15.1). */
const heuristicStatuses: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501])

/**
 * For how long an answer is fresh, seconds; null: nobody said and nothing suggests it. What the answer says goes before
 * the route's policy, and the policy before a guess from Last-Modified (RFC 9111, sections 4.2.1 and 4.2.2).
 *
 * @param targeted whether the directives came from a field for caches like this one, in whose presence Expires is ignored
 */
export function lifetimeOf(
  status: number,
  headers: readonly string[],
  directives: Directives,
  policy: CachePolicy,
  { nowMs, targeted }: { nowMs: number; targeted: boolean },
): number | null {
  const said = directives.sMaxAge ?? directives.maxAge
  if (said !== null) return said
  const dateMs = parseHttpDate(fieldOf(headers, 'date'), nowMs) ?? nowMs
  const expires = targeted ? undefined : fieldOf(headers, 'expires')
  if (expires !== undefined) {
    const expiresMs = parseHttpDate(expires, nowMs)
    return expiresMs === null ? 0 : Math.max(0, (expiresMs - dateMs) / 1_000)
  }
  if (!heuristicStatuses.has(status) && !directives.isPublic) return null
  if (policy.maxAgeSeconds > 0) return policy.maxAgeSeconds
  const changedMs = parseHttpDate(fieldOf(headers, 'last-modified'), nowMs)
  if (changedMs === null) return null
  return Math.min(Math.max(0, (dateMs - changedMs) / 10_000), longestHeuristicSeconds)
}
