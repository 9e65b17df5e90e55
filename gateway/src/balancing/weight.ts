import type { Replica } from './replica.ts'

/** Below this part of its weight slow start never goes: a replica that gets nothing warms nothing. */
const slowStartFloor = 0.1

/**
 * The replica's weight now. A new one starts with a tenth and grows evenly to its full weight within `slowStartMs`:
 * just-in-time compilation, connection pools and caches are cold, and a fast first answer would otherwise
 * draw every request at once. (The linear case of Envoy's slow start mode, aggression 1.)
 */
export function weightNow(replica: Replica, nowMs: number, slowStartMs: number): number {
  const ageMs = nowMs - replica.sinceMs
  if (ageMs >= slowStartMs) return replica.weight
  return replica.weight * Math.max(slowStartFloor, ageMs / slowStartMs)
}
