import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { knownPorts, requireFree } from '../system/ports.ts'
import { emptyStateFolder, openStateFolder } from './folder.ts'
import { freePort } from './ports.ts'
import { claim, currentRun } from './run-file.ts'
import { openSecrets } from './secrets.ts'

const names = { roles: ['postgres', 'user'], users: ['user'] }

t.test('secrets are made once, for the owner alone, and more are added', async t => {
  const folder = openStateFolder(t.testdir(), null)
  const first = openSecrets(folder, names)
  const second = openSecrets(folder, { ...names, users: ['user', 'content'] })
  t.equal(second.operatorToken, first.operatorToken)
  t.equal(second.databasePassword('user'), first.databasePassword('user'))
  t.equal(second.identityPrivateJwk, first.identityPrivateJwk)
  t.not(second.natsPassword('content'), second.natsPassword('user'))
  t.match(second.operatorToken, /^[\w-]{43}$/)
  for (const file of [folder.secretsFile, folder.operatorTokenFile]) t.equal(statSync(file).mode & 0o777, 0o600)
  t.throws(() => second.natsPassword('nobody'), TypeError)
})

t.test('the public half of the identity holds no private part', async t => {
  const { identityJwks, identityPrivateJwk } = openSecrets(openStateFolder(t.testdir(), null), names)
  const privateKey = JSON.parse(identityPrivateJwk)
  const [publicKey] = JSON.parse(identityJwks).keys
  t.match(publicKey, { kty: 'EC', crv: 'P-256', alg: 'ES256', kid: privateKey.kid, x: privateKey.x })
  t.notOk('d' in publicKey)
  t.type(privateKey.d, 'string')
})

t.test('damaged secrets stop the start with a way out', async t => {
  const folder = openStateFolder(t.testdir(), null)
  writeFileSync(folder.secretsFile, '{}')
  t.throws(() => openSecrets(folder, names), /--fresh/)
})

t.test('a fresh start forgets data and secrets, and keeps the tools', async t => {
  const folder = openStateFolder(t.testdir({ tools: { pnpm: '' } }), null)
  openSecrets(folder, names)
  writeFileSync(join(folder.files, 'body'), 'x')
  emptyStateFolder(folder)
  t.notOk(existsSync(folder.secretsFile))
  t.notOk(existsSync(join(folder.files, 'body')))
  t.ok(existsSync(folder.files))
  t.ok(existsSync(join(folder.root, 'tools', 'pnpm')))
})

t.test('one run at a time has the folder', async t => {
  const file = join(t.testdir(), 'run.json')
  const lock = await claim(file, process.pid)
  t.ok(lock)
  lock?.publish({ API: 'http://localhost:1' })
  t.match(currentRun(file), { pid: process.pid, addresses: { API: 'http://localhost:1' } })
  t.equal(await claim(file, process.pid), null)
  lock?.release()
  t.equal(currentRun(file), null)
})

t.test('the folder of a killed run is free once its keeper is gone', async t => {
  const file = join(t.testdir(), 'run.json')
  const keeper = spawn('sleep', ['0.3'], { stdio: 'ignore' })
  const gone = once(keeper, 'exit')
  writeFileSync(file, JSON.stringify({ pid: process.pid, began: 'long ago', keeperPid: keeper.pid, addresses: {} }))
  t.equal(currentRun(file), null, 'the same id, but not the same process')
  const lock = await claim(file, process.pid)
  t.ok(lock)
  t.equal(keeper.exitCode, 0, 'it waited for what the last run left')
  await gone
  t.equal(JSON.parse(readFileSync(file, 'utf8')).pid, process.pid)
})

t.test('a taken port is named, with the variable that changes it', async t => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const address = taken.address()
  const port = address && typeof address === 'object' ? address.port : 0
  const ports = knownPorts({
    PORT: String(await freePort()),
    SMTP_PORT: String(port),
    OTLP_PORT: String(await freePort()),
  })
  await requireFree(ports, ['PORT', 'OTLP_PORT'], '127.0.0.1')
  await t.rejects(requireFree(ports, ['PORT', 'SMTP_PORT'], '127.0.0.1'), {
    message: `Port ${port} on 127.0.0.1 is taken; the mailbox (SMTP) needs it. Choose another one with SMTP_PORT, for example: SMTP_PORT=${port + 1} npm start`,
  })
})

t.test('a port that is none is named', async t => {
  t.throws(() => knownPorts({ ADMIN_PORT: '90900' }), { message: /^ADMIN_PORT: "90900" is not a port/ })
  t.throws(() => knownPorts({ PORT: 'http' }), { message: /^PORT: / })
  t.same(knownPorts({}), { PORT: 8080, ADMIN_PORT: 9090, SMTP_PORT: 2525, OTLP_PORT: 4318 })
})
