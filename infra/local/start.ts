import { join } from 'node:path'
import { serverAccount } from './postgres/account.ts'
import { type Keeper, startKeeper } from './processes/keeper.ts'
import { whenLauncherIsGone } from './processes/launcher.ts'
import { createTerminal } from './processes/terminal.ts'
import { emptyStateFolder, openStateFolder, type StateFolder } from './state/folder.ts'
import { claim, currentRun, type RunLock } from './state/run-file.ts'
import { addressesOf, pageOf } from './system/page.ts'
import { settle } from './system/settle.ts'
import { createSupervisor, type Supervisor } from './system/supervisor.ts'

const usage = `npm start [-- --fresh]

Starts everything: PostgreSQL, NATS, two replicas of each service, the console and the gateway.
  --fresh   forget all data and secrets first

DATABASE_URL, NATS_URL, SMTP_URL and OTEL_EXPORTER_OTLP_ENDPOINT, when set, take the place of the embedded part.
Ports: PORT (8080), ADMIN_PORT (9090), SMTP_PORT (2525), OTLP_PORT (4318). State: PORTICO_STATE (.portico).
`
const root = join(import.meta.dirname, '..', '..')
/** One ctrl-C reaches us by several ways within moments: only a later one is a second one. */
const sameSignalMs = 500

// Whoever reads what we say may go before us.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

const startedAt = performance.now()
const terminal = createTerminal(process.stdout)
process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.find(arg => !['--fresh', '--help', '-h'].includes(arg))
  if (unknown || args.includes('--help') || args.includes('-h')) {
    terminal.print(unknown ? `Unknown argument ${unknown}\n\n${usage}` : usage)
    return unknown ? 64 : 0
  }
  const folders = openStateFolder(process.env.PORTICO_STATE ?? join(root, '.portico'), serverAccount())
  const keeper = startKeeper()
  const lock = await claim(folders.runFile, keeper.pid)
  try {
    return lock ? await runHouse(folders, keeper, lock, args.includes('--fresh')) : alreadyRunning(folders)
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : error}`)
    return 1
  } finally {
    await keeper.close()
    lock?.release()
  }
}

async function runHouse(folders: StateFolder, keeper: Keeper, lock: RunLock, fresh: boolean): Promise<number> {
  if (fresh) emptyStateFolder(folders)
  const settled = await settle(root, folders, process.env)
  const natsServer = process.env.PORTICO_NATS_SERVER ?? 'nats-server'
  const supervisor = createSupervisor(settled, natsServer, {
    keeper,
    terminal,
    logsFolder: folders.logs,
    onStarted: (name, pid) => lock.publish({ [`pid ${name}`]: String(pid) }),
  })
  const stopped = whenAskedToStop(supervisor)
  try {
    const asked = await Promise.race([supervisor.start().then(() => null), stopped.asked])
    if (!asked) {
      lock.publish(addressesOf(settled))
      terminal.print(pageOf(settled, (performance.now() - startedAt) / 1000))
    }
    await stopped.asked
    return 0
  } finally {
    await supervisor.stop()
    terminal.print('Stopped.\n')
  }
}

function whenAskedToStop(supervisor: Supervisor): { asked: Promise<string> } {
  const asked = Promise.withResolvers<string>()
  let firstAt: number | null = null
  const ask = (reason: string) => {
    if (firstAt === null) {
      firstAt = performance.now()
      terminal.print(`\nStopping (${reason}); once more stops at once.\n`)
      asked.resolve(reason)
    } else if (performance.now() - firstAt > sameSignalMs) {
      supervisor.kill()
    }
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ask(signal))
  whenLauncherIsGone(process.env, () => ask('the launcher is gone'))
  return { asked: asked.promise }
}

function alreadyRunning(folders: StateFolder): number {
  const run = currentRun(folders.runFile)
  const addresses = Object.entries(run?.addresses ?? {}).filter(([name]) => !name.startsWith('pid '))
  const lines = addresses.map(([name, address]) => `  ${name.padEnd(20)} ${address}`)
  console.error(
    [`Portico is already running in this folder${run ? ` (process ${run.pid})` : ''}.`, ...lines].join('\n'),
  )
  return 1
}
