import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { keepStreams } from '../nats/streams.ts'
import { checkpoint } from '../postgres/checkpoint.ts'
import { initialise } from '../postgres/cluster.ts'
import { createServiceDatabases, ownerOf } from '../postgres/roles.ts'
import type { Supervised } from '../processes/supervise.ts'
import { requireFree } from './ports.ts'
import { gatewayUrl, natsProcess, postgresProcess, replicaProcess, type Watch } from './processes.ts'
import { routed } from './routed.ts'
import type { Settled } from './settle.ts'
import type { System } from './system.ts'
import { isBuilt, type Part, supervisorUser, table } from './table.ts'

/** Every process of the house, started by readiness and stopped in order. */
export interface Supervisor {
  /** Resolves when all of it serves. @throws when one of them does not come up */
  start(): Promise<void>
  /** Gateway, then services, then console, NATS and PostgreSQL; within 5 s. */
  stop(): Promise<void>
  /** All at once, without asking. */
  kill(): void
  /** The processes that were to run, in the order in which they start. */
  readonly processes: readonly Supervised[]
}

const serverStartMs = 60_000
const replicaStartMs = 120_000
const routedMs = 15_000
/** The whole stop, killing included, is over within 5 s. What the first leave of it is the last ones' to use. */
const stopWithinMs = 4_700
const stopMs = { gateway: 1_200, services: 2_000 } as const

export function createSupervisor({ system, cluster, nats }: Settled, natsServer: string, watch: Watch): Supervisor {
  const { terminal } = watch
  const postgres = cluster ? postgresProcess(cluster, watch) : null
  const natsOwn = nats ? natsProcess(natsServer, system.folders.nats, nats, watch) : null
  const servers = [postgres, natsOwn].filter(process => process !== null)
  const parts = table.filter(part => isBuilt(part, system.root))
  const replicas = parts.flatMap(part => replicasOf(part).map(replica => ({ part, process: replica(system, watch) })))
  const named = (isIt: (name: string) => boolean) =>
    replicas.filter(({ part }) => isIt(part.name)).map(({ process }) => process)
  const gateways = named(name => name === 'gateway')
  const consoles = named(name => name === 'console')
  const services = named(name => name !== 'gateway' && name !== 'console')

  let leaveStreams = async () => {}

  async function startOne(process: Supervised, withinMs: number): Promise<void> {
    const startedAt = performance.now()
    await process.start(withinMs)
    terminal.note(process.name, `serves (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`)
  }

  return {
    processes: [...servers, ...consoles, ...services, ...gateways],
    async start() {
      for (const part of table) {
        if (!parts.includes(part)) terminal.note(part.name, `left out: ${part.folder}/src/main.ts is not there`)
      }
      await requireFree(system.ports, portsOf(parts), system.gatewayHost)
      if (cluster) {
        if (!existsSync(join(cluster.folder, 'PG_VERSION'))) terminal.note('postgres', 'creating its data folder')
        await initialise(cluster)
      }
      await Promise.all(servers.map(server => startOne(server, serverStartMs)))
      leaveStreams = keepStreams({
        servers: system.natsUrl,
        credentials: system.natsCredentials(supervisorUser),
        contracts: contractsOf(parts),
        say: text => terminal.note('streams', text),
      })
      await createServiceDatabases(
        system.databaseUrl,
        parts.filter(part => part.database).map(({ name }) => databaseFor(name, system)),
      )
      // All at once: each waits by itself for what it needs, and is asked whether it is ready.
      await Promise.all([...consoles, ...services, ...gateways].map(process => startOne(process, replicaStartMs)))
      if (gateways.length > 0) await routed(gatewayUrl(system), contractsOf(parts), routedMs)
    },
    async stop() {
      const startedAt = performance.now()
      // What PostgreSQL writes now, it need not write at the end.
      if (cluster) checkpoint(system.databaseUrl)
      await stopAll(gateways, stopMs.gateway)
      await stopAll(services, stopMs.services)
      await leaveStreams()
      // The console goes last of ours, so that it takes in the others' last spans.
      const leftMs = stopWithinMs - (performance.now() - startedAt)
      await Promise.all([stopAll(consoles, leftMs), stopAll(servers, leftMs)])
    },
    kill() {
      for (const process of [...gateways, ...services, ...consoles, ...servers]) process.kill()
    },
  }
}

function replicasOf(part: Part) {
  return Array.from(
    { length: part.replicas },
    (_, index) => (system: System, watch: Watch) => replicaProcess(part, index + 1, system, watch),
  )
}

function contractsOf(parts: readonly Part[]) {
  return parts.flatMap(({ contract }) => (contract ? [contract] : []))
}

function portsOf(parts: readonly Part[]) {
  return parts.flatMap(({ port, otherPorts = [] }) => (port ? [port, ...otherPorts] : otherPorts))
}

function databaseFor(service: string, { secrets }: System) {
  return {
    service,
    ownerPassword: secrets.databasePassword(ownerOf(service)),
    password: secrets.databasePassword(service),
  }
}

async function stopAll(processes: readonly Supervised[], withinMs: number): Promise<void> {
  await Promise.all(processes.map(process => process.stop(withinMs)))
}
