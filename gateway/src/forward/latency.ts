/**
 * Keeps a running estimate of the 95th percentile of a route's latency in one number: each value above it pushes it up
 * by 95 parts, each below pulls it down by 5, in proportion to itself (stochastic approximation, Robbins and Monro
 * 1951; "frugal streaming", Ma, Muthukrishnan and Sandler 2013). It answers one question: after how long is a read slow
 * enough to ask a second replica?
 */
export interface LatencyTrack {
  p95Ms: number
  seen: number
}

export const newTrack = (): LatencyTrack => ({ p95Ms: 0, seen: 0 })

const step = 0.05

export function track(latency: LatencyTrack, latencyMs: number): void {
  latency.seen += 1
  if (latency.p95Ms === 0) latency.p95Ms = latencyMs
  else if (latencyMs > latency.p95Ms) latency.p95Ms *= 1 + step * 0.95
  else latency.p95Ms *= 1 - step * 0.05
}
