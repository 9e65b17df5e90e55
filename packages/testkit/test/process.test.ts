import { startProcess } from '@portico/testkit'
import t from 'tap'

const fixture = (name: string) => new URL(`./fixtures/${name}.ts`, import.meta.url)

t.test('a process is given what it needs, and nothing of the test', async t => {
  const started = await startProcess(t, {
    main: fixture('stubborn'),
    args: ['--one'],
    env: { PORT: '0' },
    ready: ({ output }) => output().includes('ready'),
    stopMs: 200,
  })
  const [line] = await started.line(/^\{.*\}$/)
  const { env, args } = JSON.parse(line)
  t.strictSame(args, ['--one'])
  t.equal(env.PORT, '0')
  t.equal(env.NODE_OPTIONS, undefined)
  t.strictSame(await started.stop(), { code: null, signal: 'SIGKILL' }, 'it would not listen')
  t.match(started.output(), /no\n$/)
})

t.test('it is asked to stop before it is made to', async t => {
  const started = await startProcess(t, {
    main: fixture('polite'),
    env: {},
    ready: ({ output }) => output() === 'ready\n',
  })
  t.strictSame(await started.stop(), { code: 3, signal: null })
  t.match(started.output(), 'bye')
  t.strictSame(await started.stop(), { code: 3, signal: null }, 'again is no matter')
})

t.test('one that ends early, or is never ready, is told with its output', async t => {
  const main = new URL('./fixtures/no-such-file.ts', import.meta.url)
  await t.rejects(
    startProcess(t, { main, env: {}, ready: () => false }),
    /ended before it was ready: .*"code":1[\s\S]*no-such-file/,
  )
  const slow = startProcess(t, { main: fixture('polite'), env: {}, ready: () => false, deadlineMs: 300 })
  await t.rejects(slow, /not ready: not within 300 ms/)
})
