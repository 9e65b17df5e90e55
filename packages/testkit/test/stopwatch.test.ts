import { setTimeout as pause } from 'node:timers/promises'
import { startProcess, stopwatch } from '@portico/testkit'
import t from 'tap'

t.test('what was worked counts in full, what was waited at most', async t => {
  const beganAt = performance.now()
  using tookMs = stopwatch()
  await pause(100)
  t.ok(tookMs() <= performance.now() - beganAt)

  using workedMs = stopwatch()
  const before = process.threadCpuUsage()
  const usedMs = () => Object.values(process.threadCpuUsage(before)).reduce((sum, us) => sum + us / 1_000, 0)
  while (usedMs() < 100);
  const worked = workedMs()
  t.ok(worked >= 90 && worked < 250, `${worked} ms of ${usedMs()}`)
})

t.test('a time in which the process could not run does not', async t => {
  const stopped = await startProcess(t, { main: new URL('./fixtures/timed.ts', import.meta.url), env: {} })
  await stopped.line(/begun/)
  stopped.kill('SIGSTOP')
  await pause(1_500)
  stopped.kill('SIGCONT')
  const [, ranMs, passedMs] = await stopped.line(/ran (\d+) of (\d+) ms/)
  t.ok(Number(passedMs) >= 1_500, `${passedMs} ms passed`)
  t.ok(Number(ranMs) < 1_000, `it ran in ${ranMs} of them`)
})
