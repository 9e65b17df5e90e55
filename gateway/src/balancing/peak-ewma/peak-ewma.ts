import type { Balancer, BalancerOptions, Outcome } from '../balancer.ts'
import { chooseBest } from '../choose.ts'
import type { Replica } from '../replica.ts'
import { sitsOut } from '../weight.ts'

/**
 * # Peak EWMA
 *
 * Where would this request wait least? A replica's score is what its answers cost lately, times how crowded it is: a
 * moving average of latencies that a slow answer lifts at once and that has to be earned back, and the requests in
 * flight there. Two replicas are compared, or all when they are few. It finds the slow replica without being told
 * what slow is, and it is the default.
 *
 * It descends from Finagle's `PeakEwma` (Twitter; also in Linkerd), `cost * (in flight + 1)`, and differs from it where
 * the simulations beside this file showed a trap:
 * - **Crowding is relative to the average.** A latency seen under load has the queue in it already; multiplied by the
 *   queue again, two busy replicas look worse than one that is ten times slower, and at 90% load that one
 *   got 2% of the requests: twice what a p99 forgives. Up to the average a crowd counts half, beyond it squared.
 * - **A peak is capped and fades within seconds.** One garbage collection of 60 ms at 1 ms latencies kept Finagle's
 *   cost high for 40 s, and the others had to carry that replica's share.
 * - **Failing fast attracts nothing.** A failure's latency is not believed when it is short: it counts like a typical
 *   answer, and the recent share of failures multiplies the score, up to `failurePenalty` times.
 * - **No identical replica starves.** Latencies within a tenth of each other are noise, so each is rounded to a step of
 *   a logarithmic scale, up or down by chance; otherwise the lucky one gets all the traffic of quiet hours and
 *   the others stay cold. Without traffic a cost fades, so a replica that was slow is tried again.
 * - **Who is given up has not answered.** Where hedges rescue, no answer of the slow replica is ever seen whole: taken at
 *   its word, the time until it was given up made a replica of 100 ms look like one of 30, and it kept 2% of the
 *   requests. A request that is given up counts as if it had the mean still before it: the estimate from censored
 *   observations (deaths per time at risk) where what is left does not depend on what has passed.
 * - **A replica nobody knows yet** is tried by one request, not by all at once: until its first answer each request in
 *   flight there weighs like `unknownCostMs`.
 *
 * What a replica reports of itself counts a little: a busy event loop (utilisation 1) doubles its score.
 *
 * Score: milliseconds of expected waiting, for a weight of 1 and an average crowd.
 */
export function createPeakEwma({ clock, random, slowStartMs }: BalancerOptions): Balancer {
  const costs = new Map<Replica, Cost>()
  let nowMs = 0
  let averageLoad = 1
  let typicalMs = 1

  function scoreOf(replica: Replica): number {
    const cost = costs.get(replica)
    const { weight } = replica
    if (sitsOut(replica, nowMs, slowStartMs, random)) return Number.POSITIVE_INFINITY
    if (cost === undefined) return (replica.inFlight * unknownCostMs) / weight
    fade(cost, nowMs)
    const latencyMs = roughly(Math.max(cost.meanMs, Math.min(cost.peakMs, peakCap * cost.meanMs)), random())
    const { utilisation } = replica.reported
    const crowd = crowding((replica.inFlight + 1) / (weight * averageLoad))
    return latencyMs * crowd * (1 + failurePenalty * cost.failures) * (1 + utilisation * utilisation)
  }

  return {
    pick(candidates, request, exclude) {
      nowMs = clock()
      averageLoad = averageOf(candidates)
      return chooseBest(candidates, exclude, request.explain, random, scoreOf)
    },
    report(replica, outcome) {
      nowMs = clock()
      const { kind, latencyMs } = outcome
      let cost = costs.get(replica)
      if (cost === undefined) {
        if (kind === 'cancelled' && latencyMs < typicalMs) return
        cost = { meanMs: latencyMs, peakMs: 0, failures: 0, fadedAtMs: nowMs, seenAtMs: nowMs }
        costs.set(replica, cost)
      }
      fade(cost, nowMs)
      learn(cost, outcome, typicalMs)
      cost.seenAtMs = nowMs
      if (kind === 'ok') typicalMs += (latencyMs - typicalMs) * meanStep
    },
    forget: replica => costs.delete(replica),
  }
}

interface Cost {
  meanMs: number
  peakMs: number
  /** Recent share of failures, 0 to 1. */
  failures: number
  fadedAtMs: number
  seenAtMs: number
}

/** What is not confirmed is forgotten: e times less after this long. */
const forgetMs = 10_000
const forgetPeakMs = 1_000
/** A peak counts as at most so many times the mean. */
const peakCap = 4
/** How far one answer moves the mean; the first after a silence of seconds moves it nearly all the way. */
const meanStep = 0.1
const silenceMs = 2_000
const failurePenalty = 20
/** One failure moves the share of failures up by this much, one success down by the same. */
const failureStep = 0.2
const unknownCostMs = 1_000
const floorMs = 0.05

function fade(cost: Cost, nowMs: number): void {
  const elapsedMs = nowMs - cost.fadedAtMs
  if (elapsedMs <= 0) return
  const kept = Math.exp(-elapsedMs / forgetMs)
  cost.meanMs = Math.max(floorMs, cost.meanMs * kept)
  cost.peakMs *= Math.exp(-elapsedMs / forgetPeakMs)
  cost.failures *= kept
  cost.fadedAtMs = nowMs
}

function learn(cost: Cost, { latencyMs, kind }: Outcome, typicalMs: number): void {
  if (latencyMs > cost.peakMs) cost.peakMs = latencyMs
  const wholeMs = kind === 'cancelled' ? latencyMs + cost.meanMs : latencyMs
  if (kind === 'ok' || wholeMs > cost.meanMs) {
    const step = Math.max(meanStep, 1 - Math.exp((cost.seenAtMs - cost.fadedAtMs) / silenceMs))
    cost.meanMs = Math.max(floorMs, cost.meanMs + (wholeMs - cost.meanMs) * step)
  }
  if (kind === 'failure') {
    cost.meanMs = Math.max(cost.meanMs, typicalMs)
    cost.failures += (1 - cost.failures) * failureStep
  } else if (kind === 'ok') cost.failures -= cost.failures * failureStep
}

/** @param relative in flight, compared with the average of all */
const crowding = (relative: number): number => (relative >= 1 ? relative * relative : (1 + relative) / 2)

function averageOf(candidates: readonly Replica[]): number {
  let requests = 0
  let weights = 0
  for (const replica of candidates) {
    requests += replica.inFlight + 1
    weights += replica.weight
  }
  return requests / weights
}

/** Latencies closer than a step of this logarithmic scale are the same. */
const logStep = Math.log(1.1)

function roughly(latencyMs: number, dither: number): number {
  return Math.exp(Math.floor(Math.log(latencyMs) / logStep + dither) * logStep)
}
