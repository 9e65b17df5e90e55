import { join } from 'node:path'
import { freePort } from '@portico/testkit'
import t, { type Test } from 'tap'
import { until } from '../fixtures/until.ts'
import { answering, answersAtAll } from '../system/readiness.ts'
import { startKeeper } from './keeper.ts'
import { fellSilent, type LifeSigns } from './liveness.ts'
import { isAlive } from './signals.ts'
import { supervise } from './supervise.ts'

const server = join(import.meta.dirname, 'fixtures', 'server.mjs')

async function watched(t: Test, env: NodeJS.ProcessEnv = {}, life?: Omit<LifeSigns, 'answers'>) {
  const keeper = startKeeper()
  const port = await freePort()
  const lines: string[] = []
  const notes: string[] = []
  const url = `http://127.0.0.1:${port}/`
  const supervised = supervise({
    name: 'server',
    keeper,
    command: () => ({ file: process.execPath, args: [server], cwd: '/', env: { PORT: String(port), ...env } }),
    ready: signal => answering(url, signal),
    ...(life ? { life: { ...life, answers: signal => answersAtAll(url, signal) } } : {}),
    stopSignal: 'SIGTERM',
    onLine: line => lines.push(line),
    onNote: note => notes.push(note),
  })
  t.teardown(async () => {
    supervised.kill()
    await keeper.close()
  })
  return { supervised, lines, notes, url }
}

t.test('serves, and serves again after it was killed', async t => {
  const { supervised, notes, lines, url } = await watched(t)
  await supervised.start(10_000)
  t.equal((await fetch(url)).status, 200)
  const first = supervised.pid ?? 0
  process.kill(first, 'SIGKILL')
  await until(() => notes.some(note => note.startsWith('serves again')))
  t.not(supervised.pid, first)
  t.equal((await fetch(url)).status, 200)
  t.match(notes[0], /ended \(SIGKILL\); starting it again in 100 ms/)
  t.same(lines[0], '{"level":30,"msg":"listening"}')
})

t.test('what is frozen is killed, and serves again', async t => {
  const { supervised, notes, url } = await watched(t, {}, { everyMs: 50, timeoutMs: 500, silences: 3 })
  await supervised.start(10_000)
  const first = supervised.pid ?? 0
  process.kill(first, 'SIGSTOP')
  await until(() => notes.some(note => note.startsWith('serves again')))
  t.match(notes, [/not answered 3 times in a row/, /ended \(SIGKILL\)/])
  t.notOk(isAlive(first))
  t.equal((await fetch(url)).status, 200)
})

t.test('one answer in time is enough to live; how we stalled ourselves says nothing', async t => {
  const ended = new AbortController()
  let asked = 0
  const judge = (answers: LifeSigns['answers']) =>
    fellSilent({ everyMs: 1, timeoutMs: 1, silences: 3, answers }, ended.signal)
  const onlyEachThird = judge(async () => {
    asked += 1
    if (asked === 30) ended.abort()
    return asked % 3 === 0
  })
  t.equal(await onlyEachThird, false)
  t.equal(await judge(async () => false), false, 'it had ended by itself')

  const running = new AbortController()
  let stalls = 0
  const whileWeStall = fellSilent(
    {
      everyMs: 1,
      timeoutMs: 1,
      silences: 1,
      async answers() {
        if (++stalls === 3) return false
        for (const from = performance.now(); performance.now() - from < 600; );
        return false
      },
    },
    running.signal,
  )
  t.equal(await whileWeStall, true)
  t.equal(stalls, 3, 'only the silence beside which we ran was counted')
})

t.test('waits longer before each try', async t => {
  const { supervised, notes } = await watched(t)
  await supervised.start(10_000)
  for (const expected of [100, 200, 400]) {
    const pid = supervised.pid ?? 0
    process.kill(pid, 'SIGKILL')
    await until(() => supervised.pid !== pid && supervised.pid !== null)
    t.match(
      notes.findLast(note => note.startsWith('ended')),
      `in ${expected} ms`,
    )
  }
})

t.test('a start that never succeeds is given up, with the reason', async t => {
  const { supervised } = await watched(t, { DIES: '78' })
  await t.rejects(supervised.start(10_000), { message: 'server ended 3 times before it ever served (exit code 78)' })
})

t.test('a start that takes too long is given up', async t => {
  const { supervised } = await watched(t, { PORT: '0' })
  await t.rejects(supervised.start(400), { message: 'server does not serve after 0.4 s' })
})

t.test('stops in order, and is not started again', async t => {
  const { supervised, notes } = await watched(t)
  await supervised.start(10_000)
  const pid = supervised.pid ?? 0
  await supervised.stop(5_000)
  t.notOk(isAlive(pid))
  t.same(notes, [])
  t.equal(supervised.pid, null)
})

t.test('stopped while it starts, it is given up at once', async t => {
  const { supervised } = await watched(t, { PORT: '0' })
  const started = supervised.start(60_000)
  await until(() => supervised.pid !== null)
  await Promise.all([t.rejects(started, { message: 'server was stopped before it served' }), supervised.stop(5_000)])
})

t.test('what does not stop is killed', async t => {
  const { supervised, notes, lines } = await watched(t, { STUBBORN: '1' })
  await supervised.start(10_000)
  await supervised.stop(300)
  t.match(notes, ['does not stop: killing it after 0.3 s'])
  t.ok(lines.includes('not yet'))
})

t.test('what it left behind goes with it', async t => {
  const { supervised, lines } = await watched(t, { CHILD: '1', PATH: process.env.PATH })
  await supervised.start(10_000)
  const child = Number(/^child (\d+)$/.exec(lines[0] ?? '')?.[1])
  t.ok(isAlive(child))
  process.kill(supervised.pid ?? 0, 'SIGKILL')
  await until(() => !isAlive(child))
})
