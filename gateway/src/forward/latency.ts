/**
 * Keeps a running estimate of a high percentile of a route's latency in one number: each value above it pushes it up by
 * 98 parts, each below pulls it down by 2, in proportion to itself (stochastic approximation, Robbins and Monro 1951;
 * "frugal streaming", Ma, Muthukrishnan and Sandler 2013). It answers one question: after how long is a read slow
 * enough to ask a second replica?
 */
export interface LatencyTrack {
  p98Ms: number
  seen: number
}

export const newTrack = (): LatencyTrack => ({ p98Ms: 0, seen: 0 })

const step = 0.1

export function track(latency: LatencyTrack, latencyMs: number): void {
  latency.seen += 1
  if (latency.p98Ms === 0) latency.p98Ms = latencyMs
  else if (latencyMs > latency.p98Ms) latency.p98Ms *= 1 + step * 0.98
  else latency.p98Ms *= 1 - step * 0.02
}

/** One that was given up after so long: it would have taken longer, which only tells something beyond the estimate. */
export function trackGivenUp(latency: LatencyTrack, waitedMs: number): void {
  if (waitedMs > latency.p98Ms) track(latency, waitedMs)
}

/** How many answers of a route must be known before its slow ones are hedged. */
const hedgeLearnsFrom = 50

/** After how long a second replica is asked; Infinity as long as it is not known what slow means. */
export function hedgeAfterMs({ seen, p98Ms }: LatencyTrack, floorMs: number): number {
  return seen < hedgeLearnsFrom ? Number.POSITIVE_INFINITY : Math.max(floorMs, p98Ms)
}
