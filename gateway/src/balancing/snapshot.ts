import type { Strategy } from './balancer.ts'
import type { Membership, Order } from './membership.ts'
import { latencyBoundsMs, type Replica } from './replica.ts'

/** A service's replicas as the admin API shows them. */
export interface UpstreamSnapshot {
  service: string
  strategy: Strategy
  split: Readonly<Record<string, number>> | null
  replicas: ReplicaSnapshot[]
}

export interface ReplicaSnapshot {
  id: string
  address: string
  version: string
  zone: string
  weight: number
  draining: boolean
  health: Replica['health']
  /** Milliseconds until it is let in again; 0: it is not ejected. */
  ejectedForMs: number
  upForMs: number
  inFlight: number
  reported: { inFlight: number; utilisation: number }
  ordered: Order
  requests: number
  failures: number
  cancelled: number
  ejections: number
  /** Cumulative, as Prometheus counts. */
  latency: { sumMs: number; count: number; buckets: { upToMs: number; count: number }[] }
}

export function snapshotOf(service: string, strategy: Strategy, members: Membership, nowMs: number): UpstreamSnapshot {
  return {
    service,
    strategy,
    split: members.split,
    replicas: members.replicas.map(replica => snapshotOfReplica(replica, members.orderOf(replica.id), nowMs)),
  }
}

function snapshotOfReplica(replica: Replica, ordered: Order, nowMs: number): ReplicaSnapshot {
  const { stats } = replica
  return {
    id: replica.id,
    address: replica.address,
    version: replica.version,
    zone: replica.zone,
    weight: replica.weight,
    draining: replica.draining,
    health: replica.health,
    ejectedForMs: Math.max(0, Math.round(replica.ejectedUntilMs - nowMs)),
    upForMs: Math.round(nowMs - replica.sinceMs),
    inFlight: replica.inFlight,
    reported: { ...replica.reported },
    ordered: { ...ordered },
    requests: stats.requests,
    failures: stats.failures,
    cancelled: stats.cancelled,
    ejections: stats.ejections,
    latency: latencyOf(replica),
  }
}

function latencyOf({ stats }: Replica): ReplicaSnapshot['latency'] {
  let count = 0
  const buckets = latencyBoundsMs.map((upToMs, index) => {
    count += stats.latencyBuckets[index] ?? 0
    return { upToMs, count }
  })
  return { sumMs: stats.latencySumMs, count: count + (stats.latencyBuckets[latencyBoundsMs.length] ?? 0), buckets }
}
