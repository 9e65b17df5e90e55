import type { Replica } from './replica.ts'

export interface EjectionOptions {
  /** So many failures without a success between them eject. */
  readonly consecutiveFailures: number
  /** The first ejection lasts this long, the n-th in a row n times as long. */
  readonly baseMs: number
  readonly limitMs: number
  /** At most this part of the replicas is set aside at once. */
  readonly capRatio: number
}

export const ejectionDefaults: EjectionOptions = {
  consecutiveFailures: 5,
  baseMs: 2_000,
  limitMs: 30_000,
  capRatio: 0.5,
}

/**
 * Passive ejection: who fails several times in a row is set aside for a while (Envoy's outlier detection by consecutive
 * failures). With one replica nobody is set aside, and never more than half: when all fail, the fault is
 * elsewhere, and ejecting would only add to it.
 *
 * @returns whether it was ejected now
 */
export function judge(
  replica: Replica,
  failed: boolean,
  replicas: readonly Replica[],
  options: EjectionOptions,
  nowMs: number,
): boolean {
  const { stats } = replica
  if (!failed) {
    stats.consecutiveFailures = 0
    // A success long after the last ejection wipes its record, so that the next one is short again.
    if (stats.ejections > 0 && nowMs - replica.ejectedUntilMs > options.limitMs) stats.ejections = 0
    return false
  }
  stats.consecutiveFailures += 1
  if (stats.consecutiveFailures < options.consecutiveFailures || replica.ejectedUntilMs > nowMs) return false
  const ejected = replicas.filter(other => other.ejectedUntilMs > nowMs).length
  if (ejected + 1 > Math.floor(replicas.length * options.capRatio)) return false
  stats.ejections += 1
  stats.consecutiveFailures = 0
  replica.ejectedUntilMs = nowMs + Math.min(options.baseMs * stats.ejections, options.limitMs)
  return true
}
