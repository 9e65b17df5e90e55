import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { eventually } from '@portico/testkit'
import t from 'tap'
import { startTethered } from '../src/tether.ts'

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

t.test('exit codes, signals and output come through', async t => {
  let output = ''
  const onOutput = (text: string) => {
    output += text
  }
  const quick = await startTethered('/bin/sh', ['-c', 'echo out; echo err >&2; exit 7'], { onOutput })
  t.strictSame(await quick.exited, { code: 7, signal: null })
  t.match(output, 'out\n')
  t.match(output, 'err\n')
  t.notOk(quick.kill('SIGTERM'), 'gone is gone')

  const long = await startTethered('/bin/sleep', ['60'])
  t.ok(isAlive(long.pid))
  t.ok(long.kill('SIGKILL'))
  t.strictSame(await long.exited, { code: null, signal: 'SIGKILL' })
  t.notOk(isAlive(long.pid))
})

t.test('a program that is not there ends like one in a shell', async t => {
  const missing = await startTethered('/no/such/program', [])
  t.strictSame(await missing.exited, { code: 127, signal: null })
})

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  t.test(`who started it is ended by ${signal}: so is the process`, async t => {
    const parent = spawn(process.execPath, [fileURLToPath(new URL('./fixtures/parent.ts', import.meta.url))], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {},
    })
    const [chunk] = await once(parent.stdout, 'data')
    const pid = Number(String(chunk))
    t.ok(isAlive(pid))
    parent.kill(signal)
    await eventually(() => !isAlive(pid))
  })
}
