import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type NatsSettings, natsConfig } from '../nats/config.ts'
import { accepting } from '../postgres/accepting.ts'
import { type Cluster, clusterUrl, serverCommand } from '../postgres/cluster.ts'
import type { Keeper } from '../processes/keeper.ts'
import { patient } from '../processes/liveness.ts'
import { openLogFile } from '../processes/log-file.ts'
import { type Supervised, type SupervisedSpec, supervise } from '../processes/supervise.ts'
import type { Terminal } from '../processes/terminal.ts'
import { freePort } from '../state/ports.ts'
import { environmentOf, instanceOf } from './environment.ts'
import { answering, answersAtAll } from './readiness.ts'
import type { System } from './system.ts'
import type { Part } from './table.ts'

/** What every process is watched with. */
export interface Watch {
  readonly keeper: Keeper
  readonly terminal: Terminal
  readonly logsFolder: string
  /** Told of each start, the first and all later ones. */
  readonly onStarted: (name: string, pid: number) => void
}

const keepCompiled = new URL('../processes/keep-compiled.mjs', import.meta.url).href
const postgresStartMs = 60_000
/** What PostgreSQL and NATS say of their daily work, and of starting, is for their log files. */
const alarming =
  /\b(WARNING|ERROR|FATAL|PANIC)\b(?!.*the database system is )|\[(WRN|ERR|FTL)\](?! Plaintext passwords)/

export function postgresProcess(cluster: Cluster, watch: Watch): Supervised {
  const { file, args, options } = serverCommand(cluster, { durable: true })
  return watched('postgres', watch, line => alarming.test(line), {
    command: () => ({ file, args, env: { PATH: process.env.PATH, LC_ALL: 'C' }, ...options }),
    ready: signal => accepting(clusterUrl(cluster), { withinMs: postgresStartMs, signal }),
    // Fast shutdown: it ends the sessions that are left and writes a checkpoint.
    stopSignal: 'SIGINT',
  })
}

export function natsProcess(file: string, folder: string, settings: NatsSettings, watch: Watch): Supervised {
  const configFile = join(folder, 'nats.conf')
  writeFileSync(configFile, natsConfig(settings), { mode: 0o600 })
  return watched('nats', watch, line => alarming.test(line), {
    command: () => ({ file, args: ['--config', configFile], env: { PATH: process.env.PATH }, cwd: folder }),
    ready: signal => answering(`http://127.0.0.1:${settings.monitorPort}/healthz`, signal),
    life: { ...patient, answers: signal => answersAtAll(`http://127.0.0.1:${settings.monitorPort}/healthz`, signal) },
    stopSignal: 'SIGTERM',
  })
}

export function replicaProcess(part: Part, replica: number, system: System, watch: Watch): Supervised {
  let port = 0
  const url = (path: string) => `${part.port ? gatewayUrl(system) : `http://127.0.0.1:${port}`}${path}`
  return watched(instanceOf(part, replica), watch, () => true, {
    async command() {
      port = part.port ? system.ports[part.port] : await freePort()
      const env = environmentOf(part, replica, port, system)
      return {
        file: process.execPath,
        args: ['--import', keepCompiled, 'src/main.ts'],
        cwd: join(system.root, part.folder),
        env,
      }
    },
    ready: signal => answering(url('/readyz'), signal),
    life: { ...patient, answers: signal => answersAtAll(url('/healthz'), signal) },
    stopSignal: 'SIGTERM',
  })
}

/** Where this machine reaches the gateway, whatever it listens on. */
export function gatewayUrl({ gatewayHost, ports }: System): string {
  const host = gatewayHost === '0.0.0.0' || gatewayHost === '::' ? '127.0.0.1' : gatewayHost
  return `http://${host.includes(':') ? `[${host}]` : host}:${ports.PORT}`
}

function watched(
  name: string,
  { keeper, terminal, logsFolder, onStarted }: Watch,
  isShown: (line: string) => boolean,
  spec: Pick<SupervisedSpec, 'command' | 'ready' | 'life' | 'stopSignal'>,
): Supervised {
  const log = openLogFile(join(logsFolder, `${name}.log`))
  return supervise({
    name,
    keeper,
    ...spec,
    onLine(line) {
      log.write(line)
      if (isShown(line)) terminal.said(name, line)
    },
    onStarted: pid => onStarted(name, pid),
    onNote: text => terminal.note(name, text),
  })
}
