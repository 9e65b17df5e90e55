import { spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'

const launcher = join(import.meta.dirname, '..', 'launch.mjs')
const module = (name: string) => pathToFileURL(join(import.meta.dirname, name)).href

/** Runs a few lines as a module, with no environment but what is given. */
function evaluate(source: string, env: NodeJS.ProcessEnv) {
  const args = ['--input-type=module', '--eval', source]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
  return { status, stdout: stdout.trim(), stderr }
}

const find = (stateFolder: string) => `
  import { findNatsServer } from '${module('nats-server.mjs')}'
  import { createProgress } from '${module('progress.mjs')}'
  const progress = createProgress(process.stderr)
  try {
    console.log(await findNatsServer({ stateFolder: ${JSON.stringify(stateFolder)}, progress, folders: [] }))
  } finally {
    progress.end()
  }`

t.test('an unknown command shows what there is', async t => {
  const { status, stderr } = spawnSync(process.execPath, [launcher, 'constructor'], { encoding: 'utf8' })
  t.equal(status, 64)
  t.match(stderr, 'start|test|bench|portico|check')
})

t.test('nats-server comes from PATH', async t => {
  const folder = t.testdir({ bin: { 'nats-server': '' } })
  const file = join(folder, 'bin', 'nats-server')
  t.not(evaluate(find(folder), { PATH: join(folder, 'bin') }).stdout, file, 'not while it cannot be executed')
  chmodSync(file, 0o755)
  t.equal(evaluate(find(folder), { PATH: join(folder, 'bin') }).stdout, file)
})

t.test('one that is named goes before', async t => {
  t.equal(evaluate(find(t.testdir()), { PORTICO_NATS_SERVER: '/opt/nats-server' }).stdout, '/opt/nats-server')
})

t.test('one that was unpacked before is used again', async t => {
  const folder = t.testdir({ tools: { 'nats-server': { usr: { sbin: { 'nats-server': '' } } } } })
  const file = join(folder, 'tools', 'nats-server', 'usr', 'sbin', 'nats-server')
  chmodSync(file, 0o755)
  t.equal(evaluate(find(folder), { PATH: '/nowhere' }).stdout, file)
})

t.test('without any, and without apt, it says how to get one', async t => {
  const { status, stderr } = evaluate(find(t.testdir()), { PATH: '/nowhere' })
  t.equal(status, 1)
  t.match(stderr, /Portico needs nats-server and found none \(this system has no apt-get\)/)
  t.match(stderr, 'PORTICO_NATS_SERVER')
})
