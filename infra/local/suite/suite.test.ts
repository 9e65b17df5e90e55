import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { isAlive } from '../processes/signals.ts'
import { summaryLine } from './report.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const launcher = join(root, 'infra', 'local', 'launch.mjs')
const fixture = (name: string) => join(import.meta.dirname, 'fixtures', name)

function runSuite(...paths: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, 'test', ...paths], { encoding: 'utf8' })
  return { status, stdout, stderr, lastLine: stdout.trimEnd().split('\n').at(-1) }
}

t.test('counts each kind of outcome and tells failures apart', async t => {
  const { status, stdout, lastLine } = runSuite(fixture('fails.test.ts'))
  t.equal(status, 1)
  t.equal(lastLine, '4 passed, 2 failed, 1 skipped')
  t.match(stdout, /✗ .*fails\.test\.ts › differs › the same thing\n {2}at .*fails\.test\.ts:9\n/)
  t.match(stdout, /- {2}"b": 3,\n.*\+ {2}"b": 2,/)
  t.match(stdout, /› throws › as it should/)
})

t.test('a test process that dies in the middle is a failure', async t => {
  const { status, lastLine } = runSuite(fixture('dies.test.ts'))
  t.equal(status, 1)
  t.equal(lastLine, '0 passed, 1 failed')
})

t.test('a path without tests is a failure', async t => {
  const { status, stderr, lastLine } = runSuite('infra/local/no-such-folder')
  t.equal(status, 1)
  t.match(stderr, 'No test file at infra/local/no-such-folder')
  t.equal(lastLine, '0 passed, 1 failed')
})

t.test('the last line leaves out what there is none of', async t => {
  t.equal(summaryLine({ passed: 3, failed: 0, skipped: 0 }), '3 passed, 0 failed')
})

const endings = [
  ['the launcher is killed outright', (child: ChildProcess) => child.kill('SIGKILL')],
  ['the launcher is interrupted', (child: ChildProcess) => child.kill('SIGINT')],
] as const
for (const [name, end] of endings) {
  t.test(`nothing is left running when ${name}`, async t => {
    const temporary = mkdtempSync(join(tmpdir(), 'suite-'))
    // The account that runs PostgreSQL has to get through.
    chmodSync(temporary, 0o755)
    t.teardown(() => rmSync(temporary, { recursive: true, force: true }))
    const env = { ...process.env, TMPDIR: temporary }
    const child = spawn(process.execPath, [launcher, 'test', fixture('hangs.test.ts')], { env, stdio: 'pipe' })
    const leftBehind = await leftBehindBy(child)
    const folder = readdirSync(temporary)[0] ?? ''
    t.ok(isAlive(leftBehind))
    t.ok(existsSync(join(temporary, folder, 'postgres', 'postmaster.pid')))
    end(child)
    await once(child, 'exit')
    await until(() => !isAlive(leftBehind) && !existsSync(join(temporary, folder)))
    t.pass('its process and its folder, with PostgreSQL in it, are gone')
  })
}

async function leftBehindBy(child: ChildProcess): Promise<number> {
  let said = ''
  for await (const chunk of child.stderr ?? []) {
    said += chunk
    const pid = /left behind (\d+)/.exec(said)?.[1]
    if (pid) return Number(pid)
  }
  throw new Error(`It never hung: ${said}`)
}

async function until(condition: () => boolean, withinMs = 10_000): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`Not within ${withinMs} ms`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
