import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { until } from '../fixtures/until.ts'
import { isAlive } from './signals.ts'

const noProc = existsSync('/proc/self/task') ? false : 'this system has no /proc to look at'

interface Owned {
  child: number
  keeper: number
  folder: string
}

async function startOwner(): Promise<{ owner: ChildProcess; owned: Owned }> {
  const owner = spawn(process.execPath, [join(import.meta.dirname, 'fixtures', 'owner.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface({ input: owner.stdout }), 'line')
  return { owner, owned: JSON.parse(line) }
}

t.test('what a killed process owned goes with it', async t => {
  const { owner, owned } = await startOwner()
  t.ok(isAlive(owned.child))
  t.ok(existsSync(owned.folder))
  owner.kill('SIGKILL')
  await until(() => !isAlive(owned.child) && !isAlive(owned.keeper) && !existsSync(owned.folder))
  t.pass('group, keeper and folder are gone')
})

t.test('a keeper that is killed is replaced by one that knows as much', { skip: noProc }, async t => {
  const { owner, owned } = await startOwner()
  process.kill(owned.keeper, 'SIGKILL')
  await until(() => !isAlive(owned.keeper))
  t.ok(isAlive(owned.child))
  // The next keeper needs a moment to be started by its owner; then the owner may go.
  await until(() => childrenOf(owner.pid ?? 0).some(pid => pid !== owned.child))
  owner.kill('SIGKILL')
  await until(() => !isAlive(owned.child) && !existsSync(owned.folder))
  t.pass('the next one ended it')
})

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
}
