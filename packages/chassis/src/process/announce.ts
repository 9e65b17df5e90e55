import { networkInterfaces } from 'node:os'
import { type Announcement, announcementTiming } from '@portico/contracts'
import type { Telemetry } from '@portico/telemetry'
import type { Lifecycle } from './lifecycle.ts'

export interface Announced {
  service: string
  instance: string
  address: string
  version: string
  contractDigest: string
  zone: string
  weight: number
}

/** What a replica says of itself now. */
export function announcementOf(replica: Announced, lifecycle: Lifecycle): Announcement {
  return {
    ...replica,
    startedAt: lifecycle.startedAt.toISOString(),
    inFlight: lifecycle.inFlight,
    utilisation: lifecycle.utilisation(),
    draining: lifecycle.draining,
  }
}

export interface Announcing {
  /** At once, beside the beat: something changed. */
  now(): void
  stop(): void
}

/** Announces each second. A bus that is away is no reason to stop: the gateway goes on with what it knows. */
export function announceEach(
  bus: { announce(announcement: Announcement): void },
  replica: Announced,
  lifecycle: Lifecycle,
  { log }: Telemetry,
): Announcing {
  function now() {
    try {
      bus.announce(announcementOf(replica, lifecycle))
    } catch (error) {
      log.warn({ err: error }, 'the announcement could not be sent')
    }
  }
  now()
  const timer = setInterval(now, announcementTiming.everyMs)
  return { now, stop: () => clearInterval(timer) }
}

/** Where others reach a server that listens here: a wildcard is no address, so then the first outward one. */
export function reachableAddress(host: string, port: number): string {
  const wildcard = host === '0.0.0.0' || host === '::' || host === ''
  const name = wildcard ? (outwardAddress() ?? '127.0.0.1') : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

function outwardAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap(entries => entries ?? [])
  return addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address
}
