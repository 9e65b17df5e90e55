import type { Replica } from './replica.ts'

/** Below this part of its weight slow start never goes: a replica that gets nothing warms nothing. */
const slowStartFloor = 0.1

/**
 * The part of its share that a replica gets now. A new one starts with a tenth and grows evenly to all of it within
 * `slowStartMs`: just-in-time compilation, connection pools and caches are cold, and a fast first answer would
 * otherwise draw every request at once. (The linear case of Envoy's slow start mode, aggression 1.)
 */
export function rampNow(replica: Replica, nowMs: number, slowStartMs: number): number {
  const ageMs = nowMs - replica.sinceMs
  return ageMs >= slowStartMs ? 1 : Math.max(slowStartFloor, ageMs / slowStartMs)
}

/**
 * The score of a replica in slow start: it takes part in as many comparisons as it has warmed up, and is out of the
 * others. Dividing by a small weight instead would leave it out of nearly all, since requests in flight are whole.
 */
export function sitsOut(replica: Replica, nowMs: number, slowStartMs: number, random: () => number): boolean {
  const ramp = rampNow(replica, nowMs, slowStartMs)
  return ramp < 1 && random() >= ramp
}
