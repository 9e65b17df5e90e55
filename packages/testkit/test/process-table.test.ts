import { processTable } from '@portico/testkit'
import t from 'tap'
import { freeze, thaw, withChildren } from '../src/freeze.ts'
import { startTethered } from '../src/tether.ts'

t.test('who runs, whose child it is, and whether it stands still', async t => {
  const started = await startTethered('/bin/sleep', ['61'])
  t.after(() => started.kill('SIGKILL'))
  const find = async () => (await processTable()).find(({ pid }) => pid === started.pid)
  t.match(await find(), { pid: started.pid, command: /^\/bin\/sleep 61/ })
  const shell = (await find())?.parentPid ?? 0
  t.ok((await withChildren(shell)).includes(started.pid))
  t.ok((await withChildren(process.pid)).includes(shell))
  await freeze([started.pid])
  t.equal((await find())?.state, 'T')
  thaw([started.pid])
  t.ok(started.kill('SIGKILL'))
  await started.exited
  t.equal(await find(), undefined)
  await freeze([started.pid])
})
