import type { FoundReplica } from '../balancing/replica.ts'

/** What one source of discovery knows of one replica. All sources speak in these. */
export interface Sighting {
  service: string
  /** Unique among the service's replicas. */
  instance: string
  /** `http://host:port`, nothing behind it. */
  address: string
  version: string
  /** Null when the source does not know it: the replica's `/contract.json` is asked. */
  contractDigest: string | null
  startedAtMs: number
  zone: string
  weight: number
  inFlight: number
  /** Event-loop utilisation, 0 to 1. */
  utilisation: number
  draining: boolean
  source: 'announced' | 'listed' | 'dns'
}

/** The origin of an address, or null when it is not `http(s)://host:port` and nothing else. */
export function originOf(address: string): string | null {
  const url = URL.parse(address)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return null
  return url.pathname === '/' ? url.origin : null
}

export const toFound = (sighting: Sighting, contractDigest: string): FoundReplica => ({
  id: sighting.instance,
  address: sighting.address,
  version: sighting.version,
  contractDigest,
  startedAt: String(sighting.startedAtMs),
  zone: sighting.zone,
  weight: sighting.weight,
  draining: sighting.draining,
  inFlight: sighting.inFlight,
  utilisation: sighting.utilisation,
})
