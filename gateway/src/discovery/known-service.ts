import type { ContractDocument } from '@portico/contracts'
import type { Upstream } from '../balancing/upstream.ts'
import { type RouteSource, shapeOf } from './route.ts'
import type { Sighting } from './sighting.ts'

/** One replica as discovery last saw it. It gets traffic once its contract is known. */
export interface KnownReplica {
  sighting: Sighting
  /** Null until the contract was fetched. */
  digest: string | null
  seenAtMs: number
  /** Not before this is its contract asked for again. */
  retryAtMs: number
  failures: number
}

/** One service as discovery sees it. It stays known, with its last contract, when its last replica is gone: 503, not 404. */
export interface KnownService {
  readonly name: string
  readonly upstream: Upstream
  readonly replicas: Map<string, KnownReplica>
  /** The contract that decides where two disagree: of the replicas that started last. */
  newest: { digest: string; document: ContractDocument } | null
}

/** The contracts that live replicas have, the newest first; with no replica left, the last one. */
export function liveDigests(service: KnownService): string[] {
  const startedAtMs = new Map<string, number>()
  for (const { digest, sighting } of service.replicas.values()) {
    if (digest === null) continue
    startedAtMs.set(digest, Math.max(startedAtMs.get(digest) ?? 0, sighting.startedAtMs))
  }
  if (startedAtMs.size === 0) return service.newest === null ? [] : [service.newest.digest]
  return [...startedAtMs]
    .sort(([a, first], [b, second]) => second - first || (a < b ? -1 : 1))
    .map(([digest]) => digest)
}

/**
 * Each operation of every live version once. Where two versions have the same, the newest one's policy counts, and
 * whoever has either takes it.
 */
export function routeSources(
  service: KnownService,
  contract: (digest: string) => ContractDocument | undefined,
): RouteSource[] {
  const digests = liveDigests(service)
  const byRoute = new Map<string, Omit<RouteSource, 'digests'> & { digests: Set<string> }>()
  for (const digest of digests) {
    for (const operation of contract(digest)?.operations ?? []) {
      if (operation.policy.access === 'internal') continue
      const key = shapeOf(operation.method, operation.url)
      const known = byRoute.get(key)
      if (known) known.digests.add(digest)
      else {
        byRoute.set(key, {
          service: service.name,
          upstream: service.upstream,
          operation,
          digests: new Set([digest]),
        })
      }
    }
  }
  // Null: every live version has it, nobody needs to look.
  return [...byRoute.values()].map(({ digests: having, ...source }) => ({
    ...source,
    digests: having.size === digests.length ? null : having,
  }))
}
