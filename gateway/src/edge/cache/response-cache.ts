import { NotKept } from '../errors.ts'
import type { Visit } from '../visit.ts'
import { readDirectives } from './cache-control.ts'
import type { Entry } from './entry.ts'
import type { Fills } from './fills.ts'
import { invalidateOn } from './invalidation.ts'
import { keyOf } from './key.ts'
import type { Removals } from './removals.ts'
import type { Serve } from './serve.ts'
import { hitField } from './status-field.ts'
import type { Store } from './store.ts'
import { useOf } from './use.ts'

export interface ResponseCache {
  /** Before the request is forwarded. True, or a promise of it: it was answered. */
  answer(visit: Visit): true | Promise<boolean> | undefined
  /** Drops what carries one of the tags. @returns how many answers went */
  purge(tags: readonly string[]): number
  /** Purges may have been missed: drops everything that one could have meant. */
  distrust(): void
  stats(): CacheStats
}

export interface CacheStats {
  readonly entries: number
  readonly bytes: number
  readonly limitBytes: number
  /** Requests upstream whose answers may be kept, under way now. */
  readonly filling: number
}

/**
 * A shared cache in front of the services (RFC 9111), for the routes whose contract has a `cache` policy. Whoever is signed
 * in neither reads from it nor writes into it: their answers may be theirs alone.
 */
export function createResponseCache({
  store,
  removals,
  fills,
  serve,
  wallClock,
}: {
  store: Store
  removals: Removals
  fills: Fills
  serve: Serve
  /** Milliseconds since 1970. */
  wallClock: () => number
}): ResponseCache {
  function forget(key: string): void {
    store.forget(key)
    removals.key(key)
  }

  function hit(visit: Visit, entry: Entry, nowMs: number): true {
    serve(visit, entry, hitField(entry.head.bornAtMs + entry.head.lifetimeMs - nowMs))
    return true
  }

  function answer(visit: Visit): true | Promise<boolean> | undefined {
    const { route, request, principal } = visit
    if (route === null || visit.upgrade !== null) return undefined
    if (route.unsafe) {
      invalidateOn(visit, forget)
      return undefined
    }
    const { cache, flow } = route.policy
    if (cache === null || flow === 'events' || flow === 'websocket') return undefined
    if (request.method !== 'GET' && request.method !== 'HEAD') return undefined
    if (principal !== null || visit.explain) return bypass(visit)
    const control = request.headers['cache-control']
    const asked = readDirectives(control)
    if (asked.noStore) return bypass(visit)

    const key = keyOf(visit)
    const entry = store.find(key, visit)
    const nowMs = wallClock()
    const use = entry === null ? 'ask' : useOf(entry.head, asked, nowMs)
    if (entry !== null && use !== 'ask') {
      if (use === 'refresh') fills.refresh(key, visit, entry)
      return hit(visit, entry, nowMs)
    }
    if (asked.onlyIfCached) throw NotKept()
    // An answer to these is no whole one, and would not be kept.
    if (request.method === 'HEAD' || request.headers.range !== undefined) return bypass(visit)
    return fills.fetch(key, visit, entry, asked.noCache || asked.maxAge !== null ? 'request' : null)
  }

  return {
    answer,
    purge(tags) {
      removals.tags(tags)
      return store.purge(tags)
    },
    distrust() {
      removals.everything()
      store.purgeTagged()
    },
    stats: () => ({ ...store.stats(), filling: fills.count() }),
  }
}

function bypass(visit: Visit): undefined {
  visit.answerHeaders.push('cache-status', 'portico;fwd=bypass')
  return undefined
}
