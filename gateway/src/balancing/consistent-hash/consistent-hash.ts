import type { Balancer, BalancerOptions, Pick, PickRequest, Score } from '../balancer.ts'
import { chooseBest } from '../choose.ts'
import type { Replica } from '../replica.ts'
import { noScores } from '../scores.ts'

/**
 * # Consistent hash with bounded load
 *
 * The same caller meets the same replica, so that what is kept in its memory is warm; a replica that comes or goes
 * moves only the callers it gains or loses. A caller who makes too much noise spills over: nobody carries more than
 * `loadFactor` times the average, and who is over it is passed by for the next in that caller's order.
 *
 * The order is weighted rendezvous hashing (Thaler and Ravishankar, "Using name-based mappings to increase hit
 * rates", 1998; weights by -weight / ln(hash), Schindelhauer and Schomaker, 2005): no ring to keep and even with few
 * replicas, at one hash per replica and pick, which is cheaper than a ring's memory up to a hundred replicas. The bound is Mirrokni,
 * Thorup and Zadimoghaddam, "Consistent Hashing with Bounded Loads", 2016.
 *
 * A request without a key goes to the one with the fewest in flight.
 *
 * Score: position in the caller's order, lower first; those over the bound are shifted by 1,000.
 */
export function createConsistentHash({ random }: BalancerOptions): Balancer {
  const seeds = new Map<Replica, number>()

  function seedOf(replica: Replica): number {
    let seed = seeds.get(replica)
    if (seed === undefined) {
      seed = hashText(replica.id, 0x811c9dc5)
      seeds.set(replica, seed)
    }
    return seed
  }

  const requestsOf = (replica: Replica) => (replica.inFlight + 1) / replica.weight

  function pickFor(key: string, candidates: readonly Replica[], request: PickRequest, exclude: ReadonlySet<string>) {
    const bound = boundOf(candidates, exclude)
    const scores: Score[] | null = request.explain ? [] : null
    let best: Replica | null = null
    let bestScore = Number.POSITIVE_INFINITY
    for (const replica of candidates) {
      if (exclude.has(replica.id)) continue
      const over = replica.inFlight + 1 > Math.ceil(bound * replica.weight)
      const score = rank(hashText(key, seedOf(replica)), replica.weight) + (over ? overBound : 0)
      scores?.push({ id: replica.id, score })
      if (best === null || score < bestScore) {
        best = replica
        bestScore = score
      }
    }
    return best === null ? null : { replica: best, scores: scores ?? noScores }
  }

  return {
    pick(candidates, request, exclude): Pick | null {
      if (request.hashKey === undefined) return chooseBest(candidates, exclude, request.explain, random, requestsOf)
      return pickFor(request.hashKey, candidates, request, exclude)
    },
    report() {},
    forget: replica => seeds.delete(replica),
  }
}

const loadFactor = 1.25
const overBound = 1_000

/** How many requests in flight one unit of weight may carry, this request included. */
function boundOf(candidates: readonly Replica[], exclude: ReadonlySet<string>): number {
  let requests = 1
  let weights = 0
  for (const replica of candidates) {
    if (exclude.has(replica.id)) continue
    requests += replica.inFlight
    weights += replica.weight
  }
  return weights === 0 ? Number.POSITIVE_INFINITY : (loadFactor * requests) / weights
}

/** Exponentially distributed with rate `weight`: the least of them is each replica's in proportion to its weight. */
function rank(hash: number, weight: number): number {
  return weight <= 0 ? Number.MAX_VALUE / 4 : -Math.log((hash + 1) / 4_294_967_297) / weight
}

/** FNV-1a over the text, finished with MurmurHash3's mixer, because FNV alone leaves the high bits weak for short texts. */
function hashText(text: string, seed: number): number {
  let hash = seed
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
