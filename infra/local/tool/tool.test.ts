import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { commandNames, loadCommand } from './load.ts'
import { drawTrace, summaryOf } from './trace.ts'

const portico = join(import.meta.dirname, '..', 'portico.ts')
const folder = join(import.meta.dirname, '..', 'commands')

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [portico, ...args], { encoding: 'utf8', env: { PATH: process.env.PATH, ...env } })
}

t.test('without a command it lists what there is', async t => {
  const { status, stdout } = run([])
  t.equal(status, 64)
  for (const name of commandNames(folder)) t.match(stdout, `  ${name} `)
  t.equal(run(['--help']).status, 0)
})

t.test('an unknown command is refused with the list', async t => {
  const { status, stderr, stdout } = run(['trcaes'])
  t.equal(status, 64)
  t.equal(stdout, '')
  t.match(stderr, 'There is no command trcaes.')
})

t.test('every command has its line and its help', async t => {
  t.ok(commandNames(folder).length > 0)
  for (const name of commandNames(folder)) {
    const command = await loadCommand(folder, name)
    t.match(command?.summary, /^.{5,60}$/)
    t.match(command?.usage, `npm run portico -- ${name}`)
  }
  t.match(run(['traces', '--help']).stdout, /^npm run portico -- traces/)
})

t.test('without an operator it says what to do', async t => {
  const { status, stderr } = run(['traces'], { PORTICO_STATE: t.testdir() })
  t.equal(status, 1)
  t.match(stderr, 'run npm start first')
})

const span = (
  id: string,
  parent: string | null,
  startTime: number,
  tags: { key: string; type: string; value: unknown }[] = [],
) => ({
  traceID: 'a1',
  spanID: id,
  operationName: `does ${id}`,
  references: parent ? [{ refType: 'CHILD_OF', traceID: 'a1', spanID: parent }] : [],
  startTime,
  duration: 1_500,
  tags,
  logs: [],
  processID: 'p1',
  warnings: null,
})
const trace = {
  traceID: 'a1',
  spans: [
    span('c', 'a', 3_000, [{ key: 'error', type: 'bool', value: true }]),
    span('b', 'a', 2_000),
    span('a', null, 1_000),
  ],
  processes: { p1: { serviceName: 'content', tags: [] } },
  warnings: null,
}

t.test('a trace is drawn as a tree, in the order of time', async t => {
  t.equal(
    drawTrace(trace),
    [
      'trace a1, 3 spans',
      '    0.0 ms     1.5 ms  content: does a',
      '    1.0 ms     1.5 ms    content: does b',
      '    2.0 ms     1.5 ms    content: does c  FAILED',
    ].join('\n'),
  )
})

t.test('and told in one line', async t => {
  t.equal(summaryOf(trace), 'a1  1970-01-01T00:00:00.001Z      1.5 ms  3 spans  1 failed  content: does a')
})
