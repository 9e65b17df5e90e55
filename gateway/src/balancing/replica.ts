import { Pool } from 'undici'
import { Connections } from '../wire/connections.ts'

/** One running copy of a service, as this gateway sees it. */
export interface Replica {
  /** The instance's name: `content-1`. Two processes never share one at the same time. */
  readonly id: string
  readonly service: string
  /** `http://host:port`. Never shown to a client. */
  readonly address: string
  readonly version: string
  readonly contractDigest: string
  readonly zone: string
  /** Share of the traffic, relative to the others. 0: nothing new. */
  weight: number
  /** It said, or an operator said, that it will stop: nothing new. */
  draining: boolean
  /** Requests of this process that it is working on now. Event streams and sockets count only until their head. */
  inFlight: number
  /** What it last said of itself. */
  readonly reported: { inFlight: number; utilisation: number }
  health: Health
  /** Until when it is set aside for failing, on the gateway's clock. 0: it is not. */
  ejectedUntilMs: number
  /** Since when it takes traffic: slow start counts from here. */
  sinceMs: number
  /** Its connections, its own: one bad replica cannot use up another's. Over these goes all but what is in `pool`. */
  readonly connections: Connections
  /** For bodies that stream, upgrades, and questions of the gateway's own. */
  readonly pool: Pool
  readonly stats: ReplicaStats
}

export type Health = 'unknown' | 'healthy' | 'unhealthy'

/** Plain counters: they are read when somebody asks, so that counting costs a request nothing. */
export interface ReplicaStats {
  requests: number
  failures: number
  cancelled: number
  consecutiveFailures: number
  ejections: number
  /** Sum of the latencies to the head of the answer, milliseconds, and how many fell into each bucket. */
  latencySumMs: number
  readonly latencyBuckets: number[]
}

/** Upper bounds of `latencyBuckets`, milliseconds; one bucket more takes the rest. */
export const latencyBoundsMs = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000] as const

/** What discovery found out about a replica. */
export interface FoundReplica {
  readonly id: string
  readonly address: string
  readonly version: string
  readonly contractDigest: string
  /** When its process began, as it says; '' when unknown. The same name with another start is another replica. */
  readonly startedAt: string
  readonly zone: string
  readonly weight: number
  readonly draining: boolean
  readonly inFlight: number
  readonly utilisation: number
}

/**
 * The pool's own timers for headers and bodies are off: the forwarder keeps both bounds with one shared sweep instead of
 * two timers a request. An idle connection lives 4 s, far shorter than the 72 s for which a replica keeps it, so that
 * a replica practically never closes the one we are about to use.
 */
export function createReplica(service: string, found: FoundReplica, nowMs: number): Replica {
  return {
    id: found.id,
    service,
    address: found.address,
    version: found.version,
    contractDigest: found.contractDigest,
    zone: found.zone,
    weight: found.weight,
    draining: found.draining,
    inFlight: 0,
    reported: { inFlight: found.inFlight, utilisation: found.utilisation },
    health: 'unknown',
    ejectedUntilMs: 0,
    sinceMs: nowMs,
    connections: new Connections(found.address),
    pool: new Pool(found.address, {
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: 4_000,
      keepAliveMaxTimeout: 4_000,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: 2_000 },
    }),
    stats: {
      requests: 0,
      failures: 0,
      cancelled: 0,
      consecutiveFailures: 0,
      ejections: 0,
      latencySumMs: 0,
      latencyBuckets: new Array(latencyBoundsMs.length + 1).fill(0),
    },
  }
}

/** Counts one answer's latency. */
export function countLatency(stats: ReplicaStats, latencyMs: number): void {
  let bucket = 0
  while (bucket < latencyBoundsMs.length && latencyMs > (latencyBoundsMs[bucket] ?? 0)) bucket += 1
  stats.latencyBuckets[bucket] = (stats.latencyBuckets[bucket] ?? 0) + 1
  stats.latencySumMs += latencyMs
}
