import { type CachePolicy, internalHeaders } from '@portico/contracts'
import type { Coding } from '../compression.ts'
import type { Visit } from '../visit.ts'
import { type Directives, readDirectives } from './cache-control.ts'
import { fieldOf, withoutFields } from './fields.ts'
import { initialAge, lifetimeOf, type Moments } from './freshness.ts'
import { type Selection, selectionOf } from './key.ts'
import { mayStore, unstoredFields } from './storability.ts'

/** The head of an answer, with what it says about being kept. */
export interface KeptHead {
  readonly status: number
  /** As the service sent them, without what is not kept. */
  readonly headers: readonly string[]
  /** The same as clients get them, but for what is new each time. */
  readonly dressed: readonly string[]
  readonly selection: Selection
  readonly tags: readonly string[]
  readonly etag: string | undefined
  readonly lastModified: string | undefined
  /** From this moment its age counts. */
  readonly bornAtMs: number
  readonly receivedAtMs: number
  readonly lifetimeMs: number
  /** How long after its lifetime it may still be used, milliseconds. */
  readonly whileRevalidatingMs: number
  readonly onErrorMs: number
  /** Clients may get it compressed: it says `Vary: Accept-Encoding`. */
  readonly compressible: boolean
  /** Never without asking. */
  readonly noCache: boolean
  /** Not even by a client's own wish, once stale. */
  readonly strict: boolean
}

/** One kept answer. It never changes: a 304 that freshens it makes another with the same body. */
export interface Entry {
  readonly key: string
  readonly head: KeptHead
  readonly body: Buffer
  /** The same in other codings, made once asked for; null while one is being made. */
  readonly encoded: Map<Coding, Encoded | null>
  /** False once it was removed: an answer to a question about it must not bring it back. */
  kept: boolean
}

export interface Encoded {
  readonly dressed: readonly string[]
  readonly body: Buffer
}

/** About what an entry takes beside its body and text. */
const overheadBytes = 600

export const sizeOf = ({ key, head, body, encoded }: Entry): number => {
  // Small bodies are held a second time, as text.
  let bytes = overheadBytes + key.length + 2 * body.length
  for (const text of head.headers) bytes += 2 * text.length
  for (const copy of encoded.values()) bytes += copy?.body.length ?? 0
  return bytes
}

export interface HeadSource {
  readonly visit: Visit
  readonly policy: CachePolicy
  readonly status: number
  readonly headers: readonly string[]
  readonly moments: Moments
  readonly dress: (headers: string[]) => void
  /** Whether clients may get it compressed. */
  readonly isCompressible: (status: number, headers: readonly string[]) => boolean
}

/** The head to keep; null: this answer is for one request only. */
export function keepHead({
  visit,
  policy,
  status,
  headers,
  moments,
  dress,
  isCompressible,
}: HeadSource): KeptHead | null {
  const { directives, targeted } = directivesOf(headers)
  const nowMs = moments.receivedAtMs
  const lifetimeSeconds = lifetimeOf(status, headers, directives, policy, { nowMs, targeted })
  const asked = readDirectives(visit.request.headers['cache-control'])
  const withAuthorization = visit.request.headers.authorization !== undefined
  const selection = selectionOf(headers, visit)
  if (selection === null) return null
  if (!mayStore({ status, headers, directives, withAuthorization, asked, lifetimeSeconds })) return null
  const stored = withoutFields(headers, unstoredFields(directives))
  // RFC 9110, section 6.6.1: what came without a date gets the one of its coming.
  if (fieldOf(stored, 'date') === undefined) stored.push('date', new Date(nowMs).toUTCString())
  const compressible = isCompressible(status, stored)
  const dressed = compressible ? [...stored, 'vary', 'accept-encoding'] : [...stored]
  dress(dressed)
  const strict = directives.mustRevalidate || directives.proxyRevalidate || directives.noCache
  // RFC 9111, section 5.2.2.10: s-maxage means proxy-revalidate, unless the same field allows staleness in so many words.
  const byDefault = directives.sMaxAge === null
  const seconds = (said: number | null, policySeconds = 0) => said ?? (byDefault ? policySeconds : 0)
  return {
    status,
    headers: stored,
    dressed,
    selection,
    tags: tagsOf(headers),
    etag: fieldOf(headers, 'etag'),
    lastModified: fieldOf(headers, 'last-modified'),
    bornAtMs: moments.receivedAtMs - initialAge(headers, moments) * 1_000,
    receivedAtMs: moments.receivedAtMs,
    lifetimeMs: (lifetimeSeconds ?? 0) * 1_000,
    whileRevalidatingMs: strict
      ? 0
      : seconds(directives.staleWhileRevalidate, policy.staleWhileRevalidateSeconds) * 1_000,
    onErrorMs: strict ? 0 : seconds(directives.staleIfError, policy.staleIfErrorSeconds) * 1_000,
    compressible,
    noCache: directives.noCache,
    strict: strict || directives.sMaxAge !== null,
  }
}

/** RFC 9213: a field for shared caches like this one takes the place of Cache-Control and Expires. */
function directivesOf(headers: readonly string[]): { directives: Directives; targeted: boolean } {
  const target = fieldOf(headers, 'cdn-cache-control')
  if (target !== undefined) return { directives: readDirectives(target), targeted: true }
  return { directives: readDirectives(fieldOf(headers, 'cache-control')), targeted: false }
}

const mostTags = 100

function tagsOf(headers: readonly string[]): string[] {
  const field = fieldOf(headers, internalHeaders.cacheTag) ?? ''
  const tags = field.split(',').map(tag => tag.trim())
  return tags.filter(tag => tag !== '').slice(0, mostTags)
}
