import { createReplica, type FoundReplica, type Replica } from './replica.ts'

/** Who belongs to a service, and what replicas say and operators order about them. */
export interface Membership {
  readonly replicas: readonly Replica[]
  readonly split: Readonly<Record<string, number>> | null
  put(found: FoundReplica): Replica
  remove(id: string): void
  setHealth(replica: Replica, health: 'healthy' | 'unhealthy'): void
  orderWeight(id: string, weight: number | null): boolean
  orderDrain(id: string, draining: boolean | null): boolean
  orderSplit(split: Readonly<Record<string, number>> | null): void
  orderOf(id: string): Order
  close(): Promise<void>
}

interface Member {
  readonly replica: Replica
  found: FoundReplica
}

/** What an operator ordered for one replica's name; it outlives the process of that name. */
export interface Order {
  weight: number | null
  draining: boolean | null
}

const noOrder: Order = { weight: null, draining: null }
/** How long the connections of a replica that left may still serve what is under way. */
const farewellMs = 60_000

export function createMembership(
  service: string,
  clock: () => number,
  changed: () => void,
  left: (replica: Replica) => void,
): Membership {
  const members = new Map<string, Member>()
  const orders = new Map<string, Order>()
  let split: Readonly<Record<string, number>> | null = null
  let replicas: readonly Replica[] = []

  /** Recomputes what orders and announcements together mean. */
  function apply(): void {
    const weightOf = (member: Member) => orders.get(member.found.id)?.weight ?? member.found.weight
    const perVersion = new Map<string, number>()
    for (const member of members.values()) {
      const { version } = member.found
      perVersion.set(version, (perVersion.get(version) ?? 0) + weightOf(member))
    }
    for (const member of members.values()) {
      const { replica, found } = member
      const weight = weightOf(member)
      replica.weight = split === null ? weight : shareOf(split, found.version, weight, perVersion)
      replica.draining = orders.get(found.id)?.draining ?? found.draining
    }
    replicas = [...members.values()].map(member => member.replica)
    changed()
  }

  function put(found: FoundReplica): Replica {
    const known = members.get(found.id)
    if (known === undefined || isAnother(known.found, found)) {
      if (known !== undefined) part(known)
      const member = { replica: createReplica(service, found, clock()), found }
      members.set(found.id, member)
      apply()
      return member.replica
    }
    known.replica.reported.inFlight = found.inFlight
    known.replica.reported.utilisation = found.utilisation
    const before = known.found
    known.found = found
    if (before.weight !== found.weight || before.draining !== found.draining) apply()
    return known.replica
  }

  function part({ replica }: Member): void {
    left(replica)
    const { pool, connections } = replica
    const bound = setTimeout(() => void Promise.all([pool.destroy(), connections.destroy()]), farewellMs)
    bound.unref()
    void Promise.allSettled([pool.close(), connections.close()]).then(() => clearTimeout(bound))
  }

  function remove(id: string): void {
    const member = members.get(id)
    if (member === undefined) return
    members.delete(id)
    part(member)
    apply()
  }

  function setHealth(replica: Replica, health: 'healthy' | 'unhealthy'): void {
    if (replica.health === health) return
    if (replica.health === 'unhealthy') {
      // Back from the dead: what was held against it was held against the one before, and its caches are cold.
      replica.ejectedUntilMs = 0
      replica.sinceMs = clock()
    }
    replica.health = health
    changed()
  }

  function order(id: string, change: Partial<Order>): boolean {
    orders.set(id, { ...(orders.get(id) ?? noOrder), ...change })
    apply()
    return members.has(id)
  }

  return {
    get replicas() {
      return replicas
    },
    get split() {
      return split
    },
    put,
    remove,
    setHealth,
    orderWeight: (id, weight) => order(id, { weight }),
    orderDrain: (id, draining) => order(id, { draining }),
    orderSplit(next) {
      split = next
      apply()
    },
    orderOf: id => orders.get(id) ?? noOrder,
    async close() {
      const parted = [...members.values()].map(member => member.replica)
      members.clear()
      apply()
      await Promise.all(parted.flatMap(({ pool, connections }) => [pool.destroy(), connections.destroy()]))
    },
  }
}

function isAnother(before: FoundReplica, now: FoundReplica): boolean {
  return (
    before.address !== now.address ||
    before.startedAt !== now.startedAt ||
    before.contractDigest !== now.contractDigest ||
    before.version !== now.version
  )
}

function shareOf(
  split: Readonly<Record<string, number>>,
  version: string,
  weight: number,
  perVersion: ReadonlyMap<string, number>,
): number {
  const whole = perVersion.get(version) ?? 0
  return whole === 0 ? 0 : ((split[version] ?? 0) * weight) / whole
}
