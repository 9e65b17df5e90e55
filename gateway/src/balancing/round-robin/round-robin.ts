import type { Balancer, BalancerOptions, Pick, PickRequest, Score } from '../balancer.ts'
import type { Replica } from '../replica.ts'
import { noScores } from '../scores.ts'
import { rampNow } from '../weight.ts'

/**
 * # Round robin
 *
 * Each in turn, in proportion to its weight, as evenly spread over time as weights allow: weights 5, 1, 1 give
 * a a b a c a a, not a a a a a b c. It looks at nothing else, so it is predictable, and a slow replica
 * gets as much as a fast one: choose it when requests cost the same and replicas are alike, or to compare with.
 *
 * The algorithm is nginx's smooth weighted round robin (its commit 52327e0, 2012): on each pick every candidate's credit
 * grows by its weight, the highest credit is taken, and the taken one pays the sum of all weights.
 *
 * Score: the negated credit.
 */
export function createRoundRobin({ clock, slowStartMs }: BalancerOptions): Balancer {
  const credits = new Map<Replica, number>()

  function pick(candidates: readonly Replica[], request: PickRequest, exclude: ReadonlySet<string>): Pick | null {
    const nowMs = clock()
    const scores: Score[] | null = request.explain ? [] : null
    let total = 0
    let best: Replica | null = null
    let bestCredit = Number.NEGATIVE_INFINITY
    for (const replica of candidates) {
      if (exclude.has(replica.id)) continue
      const weight = replica.weight * rampNow(replica, nowMs, slowStartMs)
      const credit = (credits.get(replica) ?? 0) + weight
      credits.set(replica, credit)
      total += weight
      scores?.push({ id: replica.id, score: -credit })
      if (credit > bestCredit) {
        best = replica
        bestCredit = credit
      }
    }
    if (best === null) return null
    credits.set(best, bestCredit - total)
    return { replica: best, scores: scores ?? noScores }
  }

  return { pick, report() {}, forget: replica => credits.delete(replica) }
}
