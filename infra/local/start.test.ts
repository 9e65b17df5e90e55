// Runs alone: it starts the whole system, several times.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@portico/testkit'
import t from 'tap'
import { until } from './fixtures/until.ts'
import { isAlive } from './processes/signals.ts'
import { currentRun } from './state/run-file.ts'

const launcher = join(import.meta.dirname, 'launch.mjs')
const readyMs = 120_000
const goneMs = 10_000
const stopMs = 5_000

const state = mkdtempSync(join(tmpdir(), 'start-'))
// The account that runs PostgreSQL has to get through.
chmodSync(state, 0o755)
const ports = {
  PORT: String(await freePort()),
  ADMIN_PORT: String(await freePort()),
  SMTP_PORT: String(await freePort()),
  OTLP_PORT: String(await freePort()),
}
const env = { ...process.env, ...ports, PORTICO_STATE: state, LOG_LEVEL: 'warn' }
const api = `http://127.0.0.1:${ports.PORT}`

let output = ''
let child: ChildProcess | null = null

async function start(): Promise<ChildProcess> {
  output = ''
  const started = spawn(process.execPath, [launcher, 'start'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  child = started
  for (const stream of [started.stdout, started.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text
    })
  }
  await until(() => output.includes('Portico is ready') || started.exitCode !== null, readyMs)
  if (started.exitCode !== null) throw new Error(`npm start ended:\n${output}`)
  return started
}

/** The ids of all processes of the run, the supervisor's among them. */
function pids(): Map<string, number> {
  const run = currentRun(join(state, 'run.json'))
  const named = Object.entries(run?.addresses ?? {}).filter(([name]) => name.startsWith('pid '))
  const processes = new Map(named.map(([name, pid]) => [name.slice('pid '.length), Number(pid)]))
  return run ? processes.set('supervisor', run.pid).set('keeper', run.keeperPid) : processes
}

t.setTimeout(280_000)
t.teardown(async () => {
  child?.kill('SIGKILL')
  const left = [...pids().values()]
  await until(() => !left.some(isAlive), goneMs)
  rmSync(state, { recursive: true, force: true })
})

t.test('one command, and it serves', async t => {
  await start()
  t.match(output, `http://localhost:${ports.PORT}/console/#ticket=`)
  t.equal(statSync(join(state, 'operator-token')).mode & 0o777, 0o600)
  t.equal((await fetch(`${api}/readyz`)).status, 200)
  t.equal((await fetch(`${api}/v1/posts`)).status, 200)
  t.ok(pids().has('content-2'))
})

t.test('a second one says that it is running, and where', async t => {
  const { status, stderr } = spawnSync(process.execPath, [launcher, 'start'], { env, encoding: 'utf8' })
  t.equal(status, 1)
  t.match(stderr, 'already running')
  t.match(stderr, `http://localhost:${ports.PORT}`)
})

t.test('in another folder it says which port is taken, and what changes it', async t => {
  const other = mkdtempSync(join(tmpdir(), 'start-other-'))
  chmodSync(other, 0o755)
  t.teardown(() => rmSync(other, { recursive: true, force: true }))
  const { status, stderr } = spawnSync(process.execPath, [launcher, 'start'], {
    env: { ...env, PORTICO_STATE: other },
    encoding: 'utf8',
  })
  t.equal(status, 1)
  for (const name of ['PORT', 'SMTP_PORT', 'OTLP_PORT'] as const) {
    t.match(stderr, new RegExp(`Port ${ports[name]} .*${name}=`))
  }
})

for (const name of ['content-1', 'nats', 'postgres']) {
  t.test(`${name} comes back when it is killed`, async t => {
    process.kill(pids().get(name) ?? 0, 'SIGKILL')
    await until(() => new RegExp(`${name} .*serves again`).test(output), 30_000)
    await until(async () => (await fetch(`${api}/v1/posts`)).status === 200, 30_000)
    t.pass('and it is served again')
  })
}

for (const victim of ['launcher', 'supervisor']) {
  t.test(`nothing is left when the ${victim} is killed, and the next start works`, async t => {
    const all = pids()
    process.kill(victim === 'launcher' ? (child?.pid ?? 0) : (all.get('supervisor') ?? 0), 'SIGKILL')
    await until(() => ![...all.values()].some(isAlive), goneMs)
    await start()
    t.equal((await fetch(`${api}/v1/posts`)).status, 200)
  })
}

t.test('it stops in order within 5 s, and leaves nothing', async t => {
  const all = pids()
  const before = performance.now()
  child?.kill('SIGINT')
  await until(() => child?.exitCode !== null, 2 * stopMs)
  t.equal(child?.exitCode, 0)
  t.ok(performance.now() - before < stopMs, `${Math.round(performance.now() - before)} ms`)
  t.match(output, 'Stopped.')
  t.notMatch(output, 'does not stop')
  t.notOk([...all.values()].some(isAlive))
  t.match(readFileSync(join(state, 'logs', 'postgres.log'), 'utf8'), 'database system is shut down')
})
