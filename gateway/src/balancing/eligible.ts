import type { Replica } from './replica.ts'

export interface Eligible {
  /** Who may be chosen first: this zone's, when it has enough. */
  readonly near: readonly Replica[]
  /** Who may be chosen when nobody of `near` is left to try. */
  readonly all: readonly Replica[]
  /** When the passing of time alone changes the answer, on the gateway's clock; Infinity: never. */
  readonly validUntilMs: number
}

/** Fewer than this part of the replicas in order: those set aside on suspicion are used again. */
const panicRatio = 0.5

/**
 * Which replicas may take a request. The order in which scruples are dropped when there are too few:
 *
 * 1. in order: not draining, not failing its checks, not ejected
 * 2. panic: less than half is left, so the ejected take part again. Ejection is a suspicion, and rather a suspect
 *    than the overload of those who are left (Envoy's panic threshold). Those that fail active checks stay out:
 *    a dead process must not get half of the traffic because half are dead.
 * 3. nobody: those failing their checks too; perhaps it is the check that fails
 * 4. still nobody: the draining, which serve until they are gone
 *
 * A weight of 0 is an order of the operator and always kept.
 */
export function eligible(
  replicas: readonly Replica[],
  supports: (replica: Replica) => boolean,
  zone: string,
  nowMs: number,
): Eligible {
  const able = replicas.filter(replica => replica.weight > 0 && supports(replica))
  const staying = able.filter(replica => !replica.draining)
  const alive = staying.filter(replica => replica.health !== 'unhealthy')
  const ready = alive.filter(replica => replica.ejectedUntilMs <= nowMs)
  const enough = ready.length > 0 && ready.length >= staying.length * panicRatio
  const all = firstOf(enough ? ready : [], alive, staying, able)
  return { near: nearest(all, staying, zone), all, validUntilMs: earliestReturn(alive, nowMs) }
}

function firstOf(...groups: readonly Replica[][]): readonly Replica[] {
  return groups.find(group => group.length > 0) ?? []
}

/** The own zone's, unless more than half of them are missing: then the rest would carry the zone alone. */
function nearest(all: readonly Replica[], staying: readonly Replica[], zone: string): readonly Replica[] {
  if (zone === '') return all
  const here = all.filter(replica => replica.zone === zone)
  const known = staying.filter(replica => replica.zone === zone)
  return here.length > 0 && here.length < all.length && here.length >= known.length * panicRatio ? here : all
}

function earliestReturn(replicas: readonly Replica[], nowMs: number): number {
  let earliestMs = Number.POSITIVE_INFINITY
  for (const { ejectedUntilMs } of replicas) {
    if (ejectedUntilMs > nowMs && ejectedUntilMs < earliestMs) earliestMs = ejectedUntilMs
  }
  return earliestMs
}
