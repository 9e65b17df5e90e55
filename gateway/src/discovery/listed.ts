import type { Directory } from './directory.ts'

/** `content=http://10.0.0.1:3000,content=http://10.0.0.2:3000`: replicas that configuration names. */
export interface ListedReplica {
  readonly service: string
  readonly address: string
}

/**
 * Keeps listed replicas in the directory: they are never gone, active health decides about them. Seen again each
 * `everyMs`, so that a contract that could not be fetched is asked for again.
 */
export function watchList({
  replicas,
  directory,
  everyMs = 1_000,
}: {
  replicas: readonly ListedReplica[]
  directory: Directory
  everyMs?: number
}): { close(): void } {
  const see = () => {
    for (const { service, address } of replicas) {
      directory.saw(passiveSighting({ service, address, source: 'listed' }))
    }
  }
  see()
  const timer = setInterval(see, everyMs)
  timer.unref()
  return { close: () => clearInterval(timer) }
}

/** What can be said of a replica that does not speak for itself. */
export function passiveSighting(replica: { service: string; address: string; source: 'listed' | 'dns' }) {
  return {
    ...replica,
    instance: new URL(replica.address).host,
    version: '',
    contractDigest: null,
    startedAtMs: 0,
    zone: '',
    weight: 1,
    inFlight: 0,
    utilisation: 0,
    draining: false,
  }
}
