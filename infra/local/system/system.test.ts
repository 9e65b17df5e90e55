import { createServer } from 'node:http'
import t from 'tap'
import { openStateFolder } from '../state/folder.ts'
import { environmentOf, instanceOf } from './environment.ts'
import { addressesOf, pageOf } from './page.ts'
import { routed } from './routed.ts'
import { settle } from './settle.ts'
import { table } from './table.ts'

const root = process.cwd()
const settled = (folder: string, outside: NodeJS.ProcessEnv = {}) =>
  settle(root, openStateFolder(folder, null), outside)
const part = (name: string) => {
  const found = table.find(each => each.name === name)
  if (!found) throw new TypeError(name)
  return found
}

t.test('each process gets its own secrets and nobody else’s', async t => {
  const { system } = await settled(t.testdir(), { DATABASE_URL: 'postgres://admin:topsecret@db:5432/postgres' })
  const environments = new Map(table.map(each => [each.name, JSON.stringify(environmentOf(each, 1, 1, system))]))
  for (const [name, environment] of environments) {
    t.equal(environment.includes('IDENTITY_PRIVATE_JWK'), name === 'user', `${name} and the signing key`)
    t.notMatch(environment, 'topsecret')
    t.notMatch(environment, system.secrets.operatorToken)
    for (const other of table.filter(each => each.name !== name)) {
      t.notMatch(environment, system.secrets.natsPassword(other.name), `${name} and ${other.name}`)
      if (other.database) t.notMatch(environment, system.secrets.databasePassword(other.name))
    }
  }
})

t.test('a service works as one role and migrates as another, in its own database', async t => {
  const { system } = await settled(t.testdir(), {
    DATABASE_URL: 'postgres://admin:topsecret@db:5432/postgres?sslmode=require',
  })
  const { DATABASE_URL, DATABASE_MIGRATION_URL } = environmentOf(part('content'), 1, 1, system)
  t.match(DATABASE_URL, /^postgres:\/\/content:[\w-]{43}@db:5432\/portico_content\?sslmode=require$/)
  t.match(DATABASE_MIGRATION_URL, /^postgres:\/\/content_owner:[\w-]{43}@db:5432\/portico_content\?sslmode=require$/)
})

t.test('what is set for all comes along, and what is ours to give does not', async t => {
  const outside = {
    LOG_LEVEL: 'debug',
    NATS_PASSWORD: 'x',
    npm_config_x: 'x',
    PORTICO_STATE: 'x',
    INSTANCE: 'x',
    HOST: '0.0.0.0',
  }
  const { system } = await settled(t.testdir(), outside)
  const env = environmentOf(part('content'), 2, 4_000, system)
  t.match(env, { LOG_LEVEL: 'debug', INSTANCE: 'content-2', HOST: '127.0.0.1', PORT: '4000', NATS_USER: 'content' })
  t.notOk('npm_config_x' in env || 'PORTICO_STATE' in env)
  t.equal(
    environmentOf(part('gateway'), 1, 8_080, system).HOST,
    '0.0.0.0',
    'the gateway alone listens where it was told',
  )
  t.equal(instanceOf(part('gateway'), 1), 'gateway')
})

t.test('a NATS from outside is told without its secrets, which everybody gets instead of ours', async t => {
  const { system, nats } = await settled(t.testdir(), { NATS_URL: 'nats://me:p%40ss@a:4222,b:4223' })
  t.equal(nats, null)
  t.equal(system.natsUrl, 'nats://a:4222,nats://b:4223')
  t.strictSame(system.natsCredentials('content'), { user: 'me', password: 'p@ss' })
  const open = await settled(t.testdir(), { NATS_URL: 'nats://a:4222' })
  t.equal(open.system.natsCredentials('content'), null)
})

t.test('the page holds every address, a link that signs in, and no password', async t => {
  const folder = t.testdir()
  const found = await settled(folder, { PORT: '8123', SMTP_URL: 'smtp://me:mailsecret@mail:25' })
  const page = pageOf(found, 4.2)
  t.match(page, 'Portico is ready (4.2 s).')
  t.match(page, `http://localhost:8123/console/#ticket=${found.system.operatorTicket}`)
  t.match(addressesOf(found), { API: 'http://localhost:8123', 'Mail in (SMTP)': 'smtp://mail:25' })
  t.notMatch(page, 'mailsecret')
  t.notMatch(page, found.system.secrets.operatorToken)
})

t.test('a start waits until the gateway routes to each service', async t => {
  const paths: Record<string, object> = { '/v1/posts': {} }
  const server = createServer((_request, response) => response.end(JSON.stringify({ paths })))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  const url = `http://127.0.0.1:${address && typeof address === 'object' ? address.port : 0}`
  const contracts = [part('content').contract, part('file').contract].filter(contract => contract !== undefined)
  await t.rejects(routed(url, contracts, 100), { message: 'The gateway does not know file yet' })
  const waiting = routed(url, contracts, 10_000)
  paths['/v1/files/{id}'] = {}
  await waiting
})
