import { Overloaded, type Policy, type ProblemError } from '@portico/contracts'
import type { Upstream } from '../balancing/upstream.ts'
import { type Breaker, breakerDefaults, createBreaker } from './breaker.ts'
import { unavailable } from './failures.ts'
import { createHedgeAllowance, type HedgeAllowance, hedgeAllowanceDefaults } from './hedge-allowance.ts'
import { type LatencyTrack, newTrack } from './latency.ts'
import { createLimiter, type Limiter, limiterDefaults } from './limiter.ts'
import { createParking, type Parking } from './parking.ts'
import { createRetryBudget, type RetryBudget, retryBudgetDefaults } from './retry-budget.ts'
import type { LaneSnapshot } from './target.ts'

/** What a parked request can do. */
export interface Waiting {
  tryAgain(): void
}

/** What a request tells of the service; nothing when it ended by the client's doing. */
export type Verdict = 'success' | 'failure' | 'undecided'

/** Everything that protects one service, and the callers of the others from it. */
export interface Lane {
  readonly upstream: Upstream
  readonly budget: RetryBudget
  readonly hedging: HedgeAllowance
  readonly breaker: Breaker
  readonly limiter: Limiter
  readonly parking: Parking<Waiting>
  /** Why there is no room for one more now; null when there is. Takes nothing in. */
  refusal(flow: Policy['flow']): ProblemError | null
  /** Takes one request in, or says why not. Who was taken in leaves, and is judged, once. */
  admit(flow: Policy['flow']): ProblemError | null
  leave(flow: Policy['flow']): void
  judge(verdict: Verdict): void
  readonly counts: { retries: number; hedges: number; hedgesWon: number; shed: number }
  /** The route's latency. A policy object belongs to one route and lives as long as its contract. */
  latencyOf(policy: Policy): LatencyTrack
  snapshot(): LaneSnapshot
  /** Nobody waits any more. */
  close(): void
  readonly closed: boolean
}

export interface LaneOptions {
  readonly clock: () => number
  readonly parkingLimit: number
  /** Off: every request is let through, as measurements of the rest need it. */
  readonly limitConcurrency: boolean
}

export function createLane(upstream: Upstream, { clock, parkingLimit, limitConcurrency }: LaneOptions): Lane {
  const budget = createRetryBudget({ clock, ...retryBudgetDefaults })
  const hedging = createHedgeAllowance(hedgeAllowanceDefaults)
  const breaker = createBreaker({ clock, ...breakerDefaults })
  const limits = limitConcurrency ? limiterDefaults : { ...limiterDefaults, initial: 1e6, least: 1e6, most: 1e6 }
  const limiter = createLimiter({ clock, ...limits })
  const parking = createParking<Waiting>(parkingLimit, waiting => waiting.tryAgain())
  const latencies = new WeakMap<Policy, LatencyTrack>()
  const counts = { retries: 0, hedges: 0, hedgesWon: 0, shed: 0 }
  let closed = false
  const unsubscribe = upstream.onChange(() => {
    breaker.hope()
    parking.wake()
  })

  // Only messages are limited. A stream is as long as the client's line is slow, and a hundred slow readers are no
  // reason to refuse a question; how many sockets are open is the edge's limit.
  function refusal(flow: Policy['flow']): ProblemError | null {
    if (flow !== 'message' || !limiter.isFull()) return null
    counts.shed += 1
    return tooMuch
  }

  function admit(flow: Policy['flow']): ProblemError | null {
    const closedForMs = breaker.refusesForMs()
    if (closedForMs > 0) return unavailable(closedForMs, 'The service has failed too often just now.')
    if (flow === 'message' && !limiter.admit()) {
      counts.shed += 1
      breaker.undecided()
      return tooMuch
    }
    budget.deposit()
    hedging.deposit()
    return null
  }

  return {
    refusal,
    admit,
    leave(flow) {
      if (flow === 'message') limiter.release()
    },
    judge(verdict) {
      if (verdict === 'undecided') breaker.undecided()
      else breaker.ended(verdict === 'failure')
    },
    upstream,
    budget,
    hedging,
    breaker,
    limiter,
    parking,
    counts,
    latencyOf(policy) {
      let latency = latencies.get(policy)
      if (latency === undefined) {
        latency = newTrack()
        latencies.set(policy, latency)
      }
      return latency
    },
    snapshot: () => ({
      service: upstream.service,
      inFlight: limiter.inFlight,
      limit: limiter.limit,
      parked: parking.size,
      breaker: breaker.state,
      retryTokens: Math.floor(budget.tokens()),
      ...counts,
    }),
    close() {
      closed = true
      unsubscribe()
      parking.wake()
    },
    get closed() {
      return closed
    },
  }
}

/** One for all: the stack of each was measured to cost 20 us, a sixth of all that a refused request took. */
const tooMuch = Overloaded({ headers: { 'Retry-After': '1' } })
