import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type Keeper, startKeeper } from './processes/keeper.ts'
import { whenLauncherIsGone } from './processes/launcher.ts'
import { buildTap } from './suite/build-tap.ts'
import { type CheckOutcome, checksOf, runCheck } from './suite/checks.ts'
import { runsAlone, testFiles } from './suite/files.ts'
import { describeFailure, summaryLine } from './suite/report.ts'
import { startSuiteServers } from './suite/servers.ts'
import { addUp, type FileOutcome, type Tally } from './suite/tally.ts'
import { runTap } from './suite/tap.ts'

const root = join(import.meta.dirname, '..', '..')
/** A file that takes longer is ended. What has the machine to itself may start a whole system several times. */
const fileLimitSeconds = { together: 180, alone: 300 } as const
const mostJobs = 4
/** Of what a failed check said, the end. */
const shownChars = 4_000
const interruptedCode = 130

/** Set from outside these would bend a test towards somebody's real servers. */
const foreign = [
  'DATABASE_URL',
  'NATS_URL',
  'SMTP_URL',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'PORT',
  'HOST',
  'PORTICO_LAUNCHER_FD',
]

// Whoever reads what we say may go before us.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

const keeper = startKeeper()
let interrupted = false
const interrupt = () => {
  if (interrupted) return
  interrupted = true
  console.error('\nInterrupted: stopping what was started')
  keeper.close().finally(() => process.exit(interruptedCode))
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt)
whenLauncherIsGone(process.env, interrupt)

try {
  const tally = await runEverything(process.argv.slice(2), keeper)
  await keeper.close()
  if (tally.failures.length > 0) console.log(`\n${tally.failures.map(describeFailure).join('\n\n')}`)
  console.log(`\n${summaryLine(tally)}`)
  process.exitCode = tally.failed > 0 ? 1 : 0
} catch (error) {
  await keeper.close()
  if (!interrupted) {
    console.error(error instanceof Error ? error.message : error)
    console.log(`\n${summaryLine({ passed: 0, failed: 1, skipped: 0 })}`)
    process.exitCode = 1
  }
}

/** With paths only the tests there; without, the checks first and then every test. */
async function runEverything(paths: readonly string[], keeper: Keeper): Promise<Tally> {
  const files = testFiles(root, paths)
  const servers = startSuiteServers({ keeper, logFile: join(root, '.portico', 'logs', 'test-postgres.log') })
  servers.catch(() => {})
  await buildTap(root, keeper)
  const checks = paths.length === 0 ? await Promise.all(checksOf(root).map(check => runCheck(root, check, keeper))) : []
  for (const { name, ok, output, seconds } of checks) {
    console.log(`${mark(ok)} ${name} (${seconds.toFixed(1)} s)${ok || !output ? '' : `\n${output}`}`)
  }
  const { folder, postgresUrl } = await servers
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PORTICO_TEST_POSTGRES_URL: postgresUrl,
    TMPDIR: join(folder, 'tmp'),
    // Each file is a process, and many start others: what one compiled, the next needs not.
    NODE_COMPILE_CACHE: join(root, '.portico', 'cache', 'compile'),
  }
  for (const name of foreign) delete env[name]
  const run = (files: readonly string[], jobs: number, fileLimitSeconds: number) =>
    files.length > 0 ? [runTap({ root, files, env, jobs, fileLimitSeconds, keeper, onFile: printFile })] : []
  const jobs = Math.max(1, Math.min(mostJobs, availableParallelism()))
  const alone = files.filter(file => runsAlone(root, file))
  const together = files.filter(file => !alone.includes(file))
  return addUp([
    ...checks.map(tallyOf),
    ...(await Promise.all(run(together, jobs, fileLimitSeconds.together))),
    ...(await Promise.all(run(alone, 1, fileLimitSeconds.alone))),
  ])
}

function tallyOf({ name, ok, output }: CheckOutcome): Tally {
  const failures = ok ? [] : [{ path: [name], diagnostics: { message: output.slice(-shownChars) } }]
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, failures }
}

function printFile({ name, ok, tests, seconds }: FileOutcome): void {
  console.log(`${mark(ok)} ${name} (${tests} ${tests === 1 ? 'test' : 'tests'}, ${seconds.toFixed(1)} s)`)
}

function mark(ok: boolean): string {
  return ok ? '✓' : '✗'
}
