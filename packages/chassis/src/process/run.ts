import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { type Announcement, contractDigest, contractDocument, type ServiceContract } from '@portico/contracts'
import type { Telemetry } from '@portico/telemetry'
import type { App } from '../http/app.ts'
import { announceEach, reachableAddress } from './announce.ts'
import { prepareClose } from './close-server.ts'
import type { ServiceConfig } from './variables.ts'

export interface RunOptions {
  app: App
  contract: ServiceContract
  /** Absent for a process that nobody looks for. */
  bus?: { announce(announcement: Announcement): void } | undefined
  config: ServiceConfig
  /** What is stopped when no request is left, in order: consumers and jobs, relay, bus, database. */
  stop: readonly (() => Promise<unknown>)[]
  telemetry: Telemetry
  /** Default: true, when there is a bus. */
  announce?: boolean
}

/**
 * Listens, announces, and waits for SIGTERM or SIGINT; then leaves without losing a request:
 *
 * 1. says it is draining, and `/readyz` 503: no gateway sends anything new
 * 2. serves on for `drainMs`, for those who have not heard yet; each answer closes its connection
 * 3. takes no new connections, and waits for what is in flight
 * 4. runs `stop` in order, then sends the last spans and lines, and exits with 0
 *
 * The whole of it is bounded by `drainMs + shutdownMs`: past that, or at a second signal, it exits with 1. Resolves when
 * it listens.
 */
export async function runService(options: RunOptions): Promise<void> {
  const { app, config, telemetry, bus, announce = true } = options
  const { log } = telemetry
  const closeServer = prepareClose(app)
  await app.listen({ host: config.host, port: config.port })
  const address = reachableAddress(config.host, portOf(app.server.address()))
  const replica = replicaOf(options, address)
  const announcing = bus && announce ? announceEach(bus, replica, app.lifecycle, telemetry) : undefined
  log.info({ address, version: replica.version }, 'listening')

  let leaving = false
  async function leave(reason: string) {
    if (leaving) return exit(1)
    leaving = true
    const late = setTimeout(() => {
      log.error({ inFlight: app.lifecycle.inFlight }, 'the stop took too long')
      exit(1)
    }, config.drainMs + config.shutdownMs)
    log.info({ reason, inFlight: app.lifecycle.inFlight }, 'draining')
    app.lifecycle.draining = true
    announcing?.now()
    await pause(config.drainMs)
    await closeServer(config.shutdownMs / 2)
    announcing?.stop()
    for (const step of options.stop) await step().catch(error => log.error({ err: error }, 'a part did not stop well'))
    log.info('stopped')
    await telemetry.shutdown().catch(() => {})
    clearTimeout(late)
    exit(0)
  }

  process.on('SIGTERM', () => void leave('SIGTERM'))
  process.on('SIGINT', () => void leave('SIGINT'))
  process.on('uncaughtException', error => {
    log.fatal({ err: error }, 'a defect: nothing is known of the state any more')
    setTimeout(() => exit(70), lastWordsMs)
    telemetry.shutdown().finally(() => exit(70))
  })
}

/** How long a process that met a defect still has to say so. */
const lastWordsMs = 500

function replicaOf({ contract, config }: RunOptions, address: string) {
  return {
    service: contract.name,
    instance: config.instance,
    address,
    version: contract.version,
    contractDigest: contractDigest(contractDocument(contract)),
    zone: config.zone,
    weight: config.weight,
  }
}

function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('a service listens on a port')
  return address.port
}

// Not exitCode: a library's forgotten timer must not keep a stopped process.
function exit(code: number): void {
  process.exit(code)
}
