import type { Pick, Score } from './balancer.ts'
import type { Replica } from './replica.ts'
import { noScores } from './scores.ts'

/** Up to this many replicas all are compared; among more, two chosen at random. */
export const fullScanLimit = 4

/**
 * Two random choices: compare two and take the better. Nearly as even as comparing all, without the herd that forms
 * when every worker runs after the same best one (Mitzenmacher, "The Power of Two Choices in Randomized Load
 * Balancing", 2001). With few replicas all are compared, because two of three leave the worst one
 * third of the comparisons.
 *
 * @param scoreOf lower is better; Infinity never
 */
export function chooseBest(
  candidates: readonly Replica[],
  exclude: ReadonlySet<string>,
  explain: boolean,
  random: () => number,
  scoreOf: (replica: Replica) => number,
): Pick | null {
  if (candidates.length > fullScanLimit && exclude.size === 0 && !explain) {
    const first = candidates[Math.floor(random() * candidates.length)]
    let second = candidates[Math.floor(random() * (candidates.length - 1))]
    if (second === first) second = candidates[candidates.length - 1]
    if (first === undefined || second === undefined) return null
    return { replica: scoreOf(first) <= scoreOf(second) ? first : second, scores: noScores }
  }
  return scanAll(candidates, exclude, explain, random, scoreOf)
}

function scanAll(
  candidates: readonly Replica[],
  exclude: ReadonlySet<string>,
  explain: boolean,
  random: () => number,
  scoreOf: (replica: Replica) => number,
): Pick | null {
  const scores: Score[] | null = explain ? [] : null
  let best: Replica | null = null
  let bestScore = Number.POSITIVE_INFINITY
  let ties = 1
  for (let index = 0; index < candidates.length; index += 1) {
    const replica = candidates[index]
    if (replica === undefined || exclude.has(replica.id)) continue
    const score = scoreOf(replica)
    scores?.push({ id: replica.id, score })
    if (best === null || score < bestScore) {
      best = replica
      bestScore = score
      ties = 1
    } else if (score === bestScore) {
      // Each of the equal ones is kept with the same probability.
      ties += 1
      if (random() * ties < 1) best = replica
    }
  }
  return best === null ? null : { replica: best, scores: scores ?? noScores }
}
