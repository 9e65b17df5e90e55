import type { Balancer, BalancerOptions, Outcome } from '../balancer.ts'
import { chooseBest } from '../choose.ts'
import type { Replica } from '../replica.ts'
import { weightNow } from '../weight.ts'

/**
 * # Peak EWMA
 *
 * Where would this request wait least? A replica's score is what an answer of it costs lately, times the requests
 * already in flight there and this one. The cost follows a slow answer at once and a fast one slowly: one garbage collection
 * or one full queue is enough to send the next requests elsewhere, and the way back is earned over `forgetMs`.
 * Two replicas are compared, or all when they are few.
 *
 * The algorithm is Finagle's `PeakEwma` load balancer (Twitter; also in Linkerd). Ours differs in three things, each for
 * a trap that is known of it:
 * - **Failing fast attracts nothing.** A failure's latency is not believed when it is short; instead the recent share
 *   of failures multiplies the score, up to `failurePenalty` times.
 * - **No identical replica starves.** Costs within a quarter of each other are noise, so each is rounded to a step of a
 *   logarithmic scale, up or down by chance; otherwise the lucky one gets all the traffic of quiet hours and the
 *   others stay cold. Without traffic the cost fades, so a replica that was slow is tried again.
 * - **A replica nobody knows yet** is tried by one request, not by all at once: until its first answer each
 *   request in flight there weighs like `unknownCostMs`.
 *
 * What a replica reports of itself counts a little: a busy event loop (utilisation 1) doubles its score.
 *
 * Score: milliseconds of expected waiting, for a weight of 1.
 */
export function createPeakEwma({ clock, random, slowStartMs }: BalancerOptions): Balancer {
  const costs = new Map<Replica, Cost>()
  let nowMs = 0

  function scoreOf(replica: Replica): number {
    const cost = costs.get(replica)
    const weight = weightNow(replica, nowMs, slowStartMs)
    if (cost === undefined) return (replica.inFlight * unknownCostMs) / weight
    fade(cost, nowMs)
    const utilisation = replica.reported.utilisation
    const expectedMs =
      roughly(cost.latencyMs, random()) * (1 + failurePenalty * cost.failures) * (1 + utilisation * utilisation)
    return ((replica.inFlight + 1) * expectedMs) / weight
  }

  return {
    pick(candidates, request, exclude) {
      nowMs = clock()
      return chooseBest(candidates, exclude, request.explain, random, scoreOf)
    },
    report(replica, outcome) {
      nowMs = clock()
      let cost = costs.get(replica)
      if (cost === undefined) {
        if (outcome.kind === 'cancelled') return
        cost = { latencyMs: 0, failures: 0, atMs: nowMs }
        costs.set(replica, cost)
      }
      learn(cost, outcome, nowMs)
    },
    forget: replica => costs.delete(replica),
  }
}

interface Cost {
  latencyMs: number
  /** Recent share of failures, 0 to 1. */
  failures: number
  atMs: number
}

/** What is not confirmed is forgotten: e times less after this long. */
const forgetMs = 10_000
const failurePenalty = 20
/** One failure more moves the share of failures by this much, one success back by the same. */
const failureStep = 0.2
const unknownCostMs = 1_000
const floorMs = 0.05

function fade(cost: Cost, nowMs: number): number {
  const elapsedMs = nowMs - cost.atMs
  if (elapsedMs <= 0) return 1
  const kept = Math.exp(-elapsedMs / forgetMs)
  cost.latencyMs = Math.max(floorMs, cost.latencyMs * kept)
  cost.failures *= kept
  cost.atMs = nowMs
  return kept
}

function learn(cost: Cost, { latencyMs, kind }: Outcome, nowMs: number): void {
  const elapsedMs = nowMs - cost.atMs
  // A request that was given up after waiting long tells at least that waiting was long.
  if (latencyMs > cost.latencyMs) cost.latencyMs = latencyMs
  else if (kind === 'ok') {
    const kept = Math.exp(-Math.max(elapsedMs, minimumStepMs) / forgetMs)
    cost.latencyMs = Math.max(floorMs, cost.latencyMs * kept + latencyMs * (1 - kept))
  }
  cost.atMs = nowMs
  if (kind === 'failure') cost.failures += (1 - cost.failures) * failureStep
  else if (kind === 'ok') cost.failures -= cost.failures * failureStep
}

/** Answers that come in the same instant still count for something. */
const minimumStepMs = 0.05
/** Width of a step on the logarithmic scale: costs closer than this are the same cost. */
const logStep = Math.log(1.25)

function roughly(latencyMs: number, dither: number): number {
  return Math.exp(Math.floor(Math.log(latencyMs) / logStep + dither) * logStep)
}
