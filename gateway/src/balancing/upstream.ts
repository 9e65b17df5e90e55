import { type Balancer, createBalancer, type Outcome, type Pick, type PickRequest, type Strategy } from './balancer.ts'
import { type EjectionOptions, ejectionDefaults, judge } from './ejection.ts'
import { type Eligible, eligible } from './eligible.ts'
import { createMembership, type Membership } from './membership.ts'
import { countLatency, type FoundReplica, type Replica } from './replica.ts'
import { snapshotOf, type UpstreamSnapshot } from './snapshot.ts'

export interface UpstreamOptions {
  /** Monotonic milliseconds. */
  readonly clock: () => number
  readonly random: () => number
  readonly strategy: Strategy
  /** The gateway's own zone; '' has no preference. */
  readonly zone: string
  readonly slowStartMs: number
  readonly ejection: EjectionOptions
}

export const upstreamDefaults = {
  strategy: 'peak-ewma',
  zone: '',
  slowStartMs: 10_000,
  ejection: ejectionDefaults,
} as const satisfies Partial<UpstreamOptions>

/** The replicas of one service: who is there, who may be chosen, and who is. */
export interface Upstream {
  readonly service: string
  /** All that are known, whatever their state. */
  readonly replicas: readonly Replica[]
  readonly strategy: Strategy

  /** Adds a replica, or takes over what it says of itself. Another address or start is another replica. */
  put(found: FoundReplica): Replica
  /** It is gone: nothing new; requests that are there may end. */
  remove(id: string): void
  setHealth(replica: Replica, health: 'healthy' | 'unhealthy'): void

  /** What an operator orders goes before what a replica says; null takes the order back. */
  orderWeight(id: string, weight: number | null): boolean
  orderDrain(id: string, draining: boolean | null): boolean
  /** Shares of the traffic per version, e.g. `{ '2.0.0': 5, '1.9.0': 95 }`; a version that is not named gets none. */
  orderSplit(split: Readonly<Record<string, number>> | null): void
  setStrategy(strategy: Strategy): void

  /**
   * Chooses a replica. Whoever sends to it says so by `started`, and by `ended` when it is over.
   *
   * @param supports whether a replica has the route: one function per route, since the answer is kept for it
   * @param exclude ids already tried
   */
  pick(supports: Supports, request: PickRequest, exclude: ReadonlySet<string>): Pick | null
  /** How many different replicas `pick` could return now. */
  available(supports: Supports): number
  started(replica: Replica): void
  ended(replica: Replica): void
  /** What became of a request, known at the head of its answer or its failure. */
  report(replica: Replica, outcome: Outcome): void

  /** Called whenever a replica comes, goes or changes its state. */
  onChange(listener: () => void): () => void
  /** Called with each replica that failed a request. */
  onFailure(listener: (replica: Replica) => void): () => void
  snapshot(): UpstreamSnapshot
  /** Closes all connections; requests in flight fail. */
  close(): Promise<void>
}

export type Supports = (replica: Replica) => boolean

export function createUpstream(service: string, options: UpstreamOptions): Upstream {
  const { clock } = options
  const listeners = new Set<() => void>()
  const failureListeners = new Set<(replica: Replica) => void>()
  let strategy = options.strategy
  let balancer: Balancer = createBalancer(strategy, options)
  let kept = new WeakMap<Supports, Eligible>()

  function changed(): void {
    kept = new WeakMap()
    for (const listener of listeners) listener()
  }
  const members: Membership = createMembership(service, clock, changed, replica => balancer.forget(replica))

  function eligibleFor(supports: Supports): Eligible {
    const known = kept.get(supports)
    if (known !== undefined && (known.validUntilMs === Number.POSITIVE_INFINITY || known.validUntilMs > clock())) {
      return known
    }
    const fresh = eligible(members.replicas, supports, options.zone, clock())
    kept.set(supports, fresh)
    return fresh
  }

  function pick(supports: Supports, request: PickRequest, exclude: ReadonlySet<string>): Pick | null {
    const { near, all } = eligibleFor(supports)
    const chosen = balancer.pick(near, request, exclude)
    return chosen === null && near !== all ? balancer.pick(all, request, exclude) : chosen
  }

  function report(replica: Replica, outcome: Outcome): void {
    balancer.report(replica, outcome)
    const { stats } = replica
    if (outcome.kind === 'cancelled') {
      stats.cancelled += 1
      return
    }
    const failed = outcome.kind === 'failure'
    if (failed) {
      stats.failures += 1
      for (const listener of failureListeners) listener(replica)
    } else countLatency(stats, outcome.latencyMs)
    if (failed || stats.consecutiveFailures > 0 || stats.ejections > 0) {
      if (judge(replica, failed, members.replicas, options.ejection, clock())) changed()
    }
  }

  return {
    service,
    get replicas() {
      return members.replicas
    },
    get strategy() {
      return strategy
    },
    put: members.put,
    remove: members.remove,
    setHealth: members.setHealth,
    orderWeight: members.orderWeight,
    orderDrain: members.orderDrain,
    orderSplit: members.orderSplit,
    setStrategy(next) {
      strategy = next
      balancer = createBalancer(next, options)
    },
    pick,
    available: supports => eligibleFor(supports).all.length,
    started(replica) {
      replica.inFlight += 1
      replica.stats.requests += 1
    },
    ended(replica) {
      replica.inFlight -= 1
    },
    report,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onFailure(listener) {
      failureListeners.add(listener)
      return () => failureListeners.delete(listener)
    },
    snapshot: () => snapshotOf(service, strategy, members, clock()),
    close: members.close,
  }
}
