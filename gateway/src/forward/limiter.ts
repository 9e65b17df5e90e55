export interface LimiterOptions {
  /** Monotonic milliseconds. */
  readonly clock: () => number
  readonly initial: number
  /** Quick and slow routes of one service look like a queue to an average: what a page asks for at once is let in still. */
  readonly least: number
  readonly most: number
  /** How often the limit is reconsidered. */
  readonly everyMs: number
  /** A latency of so many times the best is still taken for variation, not for a queue. */
  readonly tolerance: number
}

export const limiterDefaults = { initial: 256, least: 32, most: 4_000, everyMs: 100, tolerance: 2 } as const

/**
 * How many requests a service may be working on for us before more only make all of them slower. The limit is found,
 * not configured: as in Netflix's concurrency-limits (Gradient2) and Envoy's adaptive concurrency filter, the ratio of the
 * latency without a queue to the latency now is the gradient, and
 *
 *     limit = limit * clamp(tolerance * best / now, 0.5, 1) + sqrt(limit)
 *
 * so that it shrinks in proportion to the queue and grows by what a healthy queue may hold. `best` is the lowest average
 * of a window, and drifts up by one percent a second towards what is seen, for services that did become slower.
 * While it refuses and goes on refusing, two windows in fifty let in an eighth: in an overload from the first second on
 * there was never a latency without a queue to compare with, and so one is found. (Envoy's minRTT window, less harsh than
 * its limit of three requests, at one or two percent of the throughput.)
 *
 * A limit alone refuses where there is room: after a pause of 60 ms, ours or the machine's, what came meanwhile is read
 * all at once, and that was measured to be 4% of all requests at 0.8 of what the service can do. As CoDel (RFC 8289)
 * tells a standing queue from a burst, so here: who was not half full just before, and refused nobody, takes in as many
 * more as come in a tenth of a second, for half a second. In an overload that happens once, at its beginning.
 *
 * Reconsidered by windows rather than by requests (as Gradient2 does), because at 5,000 requests a second
 * an average over 600 of them has forgotten the good times after a tenth of a second of overload.
 */
export interface Limiter {
  /** @returns whether the request may go on; then `release` follows exactly once */
  admit(): boolean
  release(): void
  /** Whether `admit` would refuse now; asking counts as having been refused. */
  isFull(): boolean
  /** Latency to the head of an answer. */
  observe(latencyMs: number): void
  readonly inFlight: number
  readonly limit: number
}

export function createLimiter({ clock, initial, least, most, everyMs, tolerance }: LimiterOptions): Limiter {
  let limit: number = initial
  let inFlight = 0
  let mostInFlight = 0
  let bestMs = 0
  let sumMs = 0
  let count = 0
  let windowFromMs = clock()
  let refused = false
  /** Windows one after the other in which somebody was refused, and windows since the last trial. */
  let bindingWindows = 0
  let sinceTrial = trialEvery
  /** Answers a millisecond, in the last window. */
  let rate = 0
  /** When it was last known not to be half full, after a while without refusals. */
  let calmAtMs = windowFromMs
  let refusedAtMs = Number.NEGATIVE_INFINITY
  /** The limit to return to after a trial with an eighth of it; 0: there is none. */
  let triedFrom = 0

  function reconsider(nowMs: number): void {
    const averageMs = sumMs / count
    const elapsedMs = nowMs - windowFromMs
    const used = mostInFlight
    rate = count / elapsedMs
    windowFromMs = nowMs
    sumMs = 0
    count = 0
    mostInFlight = inFlight
    bindingWindows = refused ? bindingWindows + 1 : 0
    refused = false
    // A trial begins with working off what was let in before.
    if (triedFrom > 0 && used > Math.ceil(limit)) return
    if (bestMs === 0 || averageMs < bestMs) bestMs = averageMs
    else bestMs = Math.min(averageMs, bestMs * (1 + (driftPerSecond * elapsedMs) / 1_000))
    if (triedFrom > 0) {
      limit = triedFrom
      triedFrom = 0
      return
    }
    // A limit that nobody comes near says nothing; it neither grows without end nor shrinks for slow single requests.
    if (used < limit / 2) return
    const gradient = Math.max(0.5, Math.min(1, (tolerance * Math.max(bestMs, floorMs)) / averageMs))
    const floor = Math.max(least, Math.min(fewestOfMany, rate * ownLatenessMs))
    limit = Math.max(floor, Math.min(most, limit * gradient + Math.sqrt(limit)))
    tryLess()
  }

  /** One that is refused in a burst is no reason to: in a trial many are. */
  function tryLess(): void {
    sinceTrial += 1
    if (bindingWindows < trialAfter || sinceTrial < trialEvery) return
    sinceTrial = 0
    triedFrom = limit
    limit = Math.max(trialLeast, limit / 8)
  }

  function isFull(): boolean {
    if (inFlight < limit) return false
    const nowMs = clock()
    if (inFlight < limit + rate * burstMs && nowMs - calmAtMs < burstLastsMs) return false
    refused = true
    refusedAtMs = nowMs
    return true
  }

  function lookWhetherCalm(): void {
    if (inFlight > limit / 2) return
    const nowMs = clock()
    if (nowMs - refusedAtMs > everyMs) calmAtMs = nowMs
  }

  return {
    isFull,
    admit() {
      if (isFull()) return false
      lookWhetherCalm()
      inFlight += 1
      if (inFlight > mostInFlight) mostInFlight = inFlight
      return true
    },
    release() {
      inFlight -= 1
    },
    observe(latencyMs) {
      sumMs += latencyMs
      count += 1
      if (count < leastSamples) return
      const nowMs = clock()
      if (nowMs - windowFromMs >= everyMs) reconsider(nowMs)
    },
    get inFlight() {
      return inFlight
    },
    get limit() {
      return Math.floor(limit)
    },
  }
}

const trialEvery = 50
const trialAfter = 5
const trialLeast = 8
const driftPerSecond = 0.01
const leastSamples = 10
/** Faster than this is noise of our own event loop: doubling from 0.3 to 0.6 ms is no queue. */
const floorMs = 5
/**
 * Answers that lie read by nobody, because our own event loop is late, count as in flight. So the limit is never less
 * than what is answered in such a time, up to so many.
 */
const ownLatenessMs = 50
const fewestOfMany = 64
const burstMs = 100
const burstLastsMs = 500
