import type { Balancer, BalancerOptions } from '../balancer.ts'
import { chooseBest } from '../choose.ts'
import type { Replica } from '../replica.ts'
import { sitsOut } from '../weight.ts'

/**
 * # Least requests
 *
 * The replica with the fewest requests of ours in flight for its weight. It needs no history, so it is right from the
 * first request and after any change, and it suits requests whose cost differs much from one to the next.
 * It learns of slowness only as requests pile up, so a slow replica keeps a standing share of them;
 * and a replica that fails fast looks idle, therefore recent failures count as requests in flight for a while.
 *
 * The comparison is nginx's `least_conn`, (inFlight + 1) / weight; with more than four replicas between two random
 * ones, as Envoy does.
 *
 * Score: requests in flight, with penalty, for a weight of 1.
 */
export function createLeastRequests({ clock, random, slowStartMs }: BalancerOptions): Balancer {
  const penalties = new Map<Replica, { requests: number; atMs: number }>()
  let nowMs = 0

  function penaltyOf(replica: Replica): number {
    const penalty = penalties.get(replica)
    if (penalty === undefined) return 0
    const left = penalty.requests * Math.exp((penalty.atMs - nowMs) / forgetMs)
    if (left < 0.01) penalties.delete(replica)
    return left
  }

  function scoreOf(replica: Replica): number {
    if (sitsOut(replica, nowMs, slowStartMs, random)) return Number.POSITIVE_INFINITY
    return (replica.inFlight + 1 + penaltyOf(replica)) / replica.weight
  }

  return {
    pick(candidates, request, exclude) {
      nowMs = clock()
      return chooseBest(candidates, exclude, request.explain, random, scoreOf)
    },
    report(replica, { kind }) {
      if (kind !== 'failure') return
      nowMs = clock()
      penalties.set(replica, { requests: Math.min(penaltyOf(replica) + 1, penaltyLimit), atMs: nowMs })
    },
    forget: replica => penalties.delete(replica),
  }
}

/** A failure weighs e times less after this long. */
const forgetMs = 5_000
/** So many failures in a row weigh the most; more would keep it away long after it has recovered. */
const penaltyLimit = 50
