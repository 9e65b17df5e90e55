import type { ContractDocument, SessionExchange } from '@portico/contracts'
import type { Upstream } from '../balancing/upstream.ts'
import { createClaims } from './claims.ts'
import type { ContractStore } from './contract-store.ts'
import { type KnownReplica, type KnownService, liveDigests, routeSources } from './known-service.ts'
import { createRoute } from './route.ts'
import { createRouteTable, type RouteTable } from './route-table.ts'
import { originOf, type Sighting, toFound } from './sighting.ts'

/** Who is out there and what they can be asked: fed by the sources of discovery, read by each request. */
export interface Directory {
  /** Swapped whole when contracts change: read it once per request. */
  readonly table: RouteTable
  services(): readonly KnownService[]
  /** Where a session is exchanged for an internal token; null as long as no contract offers it. */
  exchanger(): Exchanger | null
  saw(sighting: Sighting): void
  gone(service: string, instance: string): void
  /** Called after each change of routes or contracts. */
  onChange(listener: () => void): void
}

export interface Exchanger {
  readonly service: string
  readonly upstream: Upstream
  readonly exchange: SessionExchange
  readonly digest: string
}

export interface DirectoryOptions {
  clock: () => number
  log: { info(text: string): void; warn(text: string): void }
  contracts: ContractStore
  createUpstream: (service: string) => Upstream
  /** Bounds against a runaway source. */
  limits?: { services: number; replicas: number }
}

const recheckMs = 10_000
const retry = { firstMs: 250, mostMs: 5_000 } as const

export function createDirectory(options: DirectoryOptions): Directory {
  const { clock, log, contracts, createUpstream, limits = { services: 256, replicas: 1_000 } } = options
  const services = new Map<string, KnownService>()
  const listeners: (() => void)[] = []
  const claims = createClaims()
  let table = createRouteTable([])
  let shape = ''

  function serviceOf(name: string): KnownService | null {
    const known = services.get(name)
    if (known) return known
    if (services.size >= limits.services) return null
    const service: KnownService = { name, upstream: createUpstream(name), replicas: new Map(), newest: null }
    services.set(name, service)
    return service
  }

  function saw(sighting: Sighting): void {
    const service = originOf(sighting.address) === null ? null : serviceOf(sighting.service)
    if (service === null) return
    const known = service.replicas.get(sighting.instance)
    if (known === undefined && service.replicas.size >= limits.replicas) return
    if (known !== undefined && known.sighting.startedAtMs > sighting.startedAtMs) return
    const restarted = known !== undefined && isAnotherProcess(known.sighting, sighting)
    if (restarted) gone(service.name, sighting.instance)
    const replica: KnownReplica = known && !restarted ? known : newReplica(sighting)
    replica.sighting = sighting
    replica.seenAtMs = clock()
    service.replicas.set(sighting.instance, replica)
    const changed = sighting.contractDigest !== null && sighting.contractDigest !== replica.digest
    if (replica.digest !== null && !changed) service.upstream.put(toFound(sighting, replica.digest))
    // Who does not announce a digest is asked again now and then: a deploy may have changed it.
    if (replica.digest === null || changed || sighting.contractDigest === null) void learn(service, replica)
  }

  // A replica gets traffic only after its routes are in the table: nothing is sent to it that it may not know.
  async function learn(service: KnownService, replica: KnownReplica): Promise<void> {
    if (clock() < replica.retryAtMs) return
    replica.retryAtMs = clock() + Math.min(retry.firstMs * 2 ** replica.failures, retry.mostMs)
    const { instance, address, contractDigest } = replica.sighting
    try {
      const { digest, document } = await contracts.fetch(address, contractDigest)
      if (document.service !== service.name) throw new Error(`the contract is of ${document.service}`)
      if (service.replicas.get(instance) !== replica || replica.sighting.address !== address) return
      replica.failures = 0
      replica.retryAtMs = clock() + recheckMs
      if (replica.digest === digest) return
      replica.digest = digest
      rebuild()
      service.upstream.put(toFound(replica.sighting, digest))
      log.info(`${service.name}: ${instance} is known, contract ${digest.slice(0, 12)}`)
    } catch (error) {
      replica.failures += 1
      log.warn(`${service.name}: the contract of ${instance} cannot be had: ${messageOf(error)}`)
    }
  }

  function gone(name: string, instance: string): void {
    const service = services.get(name)
    if (!service?.replicas.delete(instance)) return
    service.upstream.remove(instance)
    log.info(`${name}: ${instance} is gone`)
    rebuild()
  }

  // Most sightings change nothing: the table is rebuilt when a digest or its holders changed.
  function rebuild(): void {
    const next = shapeOfAll(services)
    if (next === shape) return
    shape = next
    for (const service of services.values()) settleNewest(service, contracts)
    const sources = [...services.values()].flatMap(service => routeSources(service, contracts.get))
    const { granted, refused } = claims.settle(sources)
    table = createRouteTable(granted.map(createRoute), refused)
    for (const { service, route, reason } of table.refused) log.warn(`${service}: ${route} is refused: ${reason}`)
    contracts.keepOnly(new Set([...services.values()].flatMap(liveDigests)))
    for (const listener of listeners) listener()
  }

  return {
    get table() {
      return table
    },
    services: () => [...services.values()],
    exchanger: () => exchangerOf(services.values()),
    saw,
    gone,
    onChange: listener => void listeners.push(listener),
  }
}

const newReplica = (sighting: Sighting): KnownReplica => ({
  sighting,
  digest: null,
  seenAtMs: 0,
  retryAtMs: 0,
  failures: 0,
})

const isAnotherProcess = (before: Sighting, after: Sighting) =>
  before.address !== after.address || before.startedAtMs !== after.startedAtMs

function settleNewest(service: KnownService, contracts: { get(digest: string): ContractDocument | undefined }): void {
  const [digest] = liveDigests(service)
  const document = digest === undefined ? undefined : contracts.get(digest)
  if (digest !== undefined && document !== undefined) service.newest = { digest, document }
}

function shapeOfAll(services: ReadonlyMap<string, KnownService>): string {
  const parts: string[] = []
  for (const { name, replicas } of services.values()) {
    for (const [instance, { digest, sighting }] of replicas) {
      parts.push(`${name} ${instance} ${digest} ${sighting.startedAtMs}`)
    }
  }
  return parts.sort().join('\n')
}

/** The first service, by name, whose newest contract offers it. */
function exchangerOf(services: Iterable<KnownService>): Exchanger | null {
  const offers = [...services].filter(({ newest }) => newest?.document.sessionExchange)
  const [service] = offers.sort((a, b) => (a.name < b.name ? -1 : 1))
  const exchange = service?.newest?.document.sessionExchange
  if (!service?.newest || !exchange) return null
  return { service: service.name, upstream: service.upstream, exchange, digest: service.newest.digest }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
