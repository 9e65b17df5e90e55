import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { connect } from '@nats-io/transport-node'
import { eventually, startProcess, testNats } from '@portico/testkit'
import t from 'tap'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { parse } from 'yaml'
import { postgresBinaries } from '../postgres/binaries.ts'
import { readComposeFile } from './compose-file.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const infra = join(root, 'infra')
const containers = Object.keys(readComposeFile(root).compose.services)
const yaml = (...path: string[]): unknown => parse(readFileSync(join(infra, ...path), 'utf8'))
const hostsIn = (text: string) => [...text.matchAll(/\bhttp:\/\/([a-z]\w*):\d+/g)].map(([, host]) => host ?? '')

t.test('nats-server takes its configuration', async t => {
  const folder = t.testdir()
  const env = { ...process.env, SECRETS_FOLDER: join(folder, 'prepared') }
  spawnSync(process.execPath, [join(import.meta.dirname, 'prepare.ts'), 'secrets'], { env, stdio: 'inherit' })
  mkdirSync(join(folder, 'etc'))
  cpSync(join(infra, 'nats', 'nats.conf'), join(folder, 'etc', 'nats.conf'))
  cpSync(join(folder, 'prepared', 'nats'), join(folder, 'etc', 'secrets'), { recursive: true })
  const server = process.env.PORTICO_NATS_SERVER ?? 'nats-server'
  const { status, stderr } = spawnSync(server, ['-t', '-c', join(folder, 'etc', 'nats.conf')], { encoding: 'utf8' })
  t.equal(status, 0, stderr)
})

t.test('the container of streams makes them, with its secrets alone, and stops when told', async t => {
  const folder = t.testdir()
  const env = { ...process.env, SECRETS_FOLDER: folder }
  spawnSync(process.execPath, [join(import.meta.dirname, 'prepare.ts'), 'secrets'], { env, stdio: 'inherit' })
  const nats = await testNats(t, { config: readFileSync(join(folder, 'nats', 'users.conf'), 'utf8') })
  const given = parseEnv(readFileSync(join(folder, 'supervisor', 'env'), 'utf8'))
  const streams = await startProcess(t, {
    main: new URL('./streams.ts', import.meta.url),
    env: { NATS_URL: nats.url, NATS_USER: given.NATS_USER ?? '', NATS_PASSWORD: given.NATS_PASSWORD ?? '' },
  })
  const { NATS_USER: user, NATS_PASSWORD: pass } = parseEnv(readFileSync(join(folder, 'console', 'env'), 'utf8'))
  const client = await connect({ servers: nats.url, user: `${user}`, pass: `${pass}`, inboxPrefix: `_INBOX_${user}` })
  t.after(() => client.close())
  const wanted = ['CONTENT', 'DEAD', 'FILE', 'NOTIFICATION', 'USER']
  await eventually(
    async () => {
      const names = (await client.request('$JS.API.STREAM.NAMES', '{}')).json<{ streams: string[] | null }>().streams
      if (names?.toSorted().join() !== wanted.join()) throw new Error(`${names}`)
      await client.request('$JS.API.CONSUMER.INFO.CONTENT.notification_content_comment', '')
    },
    { withinMs: 20_000 },
  )
  streams.kill('SIGTERM')
  t.match(await streams.exited, { code: 0 })
})

t.test('PostgreSQL takes its configuration', async t => {
  const { postgres } = postgresBinaries(null)
  // It reads the whole file, says one setting and ends; that, and no more, it does as anybody.
  const file = join(infra, 'postgres', 'postgresql.conf')
  const ask = (config: string) =>
    spawnSync(postgres, ['-C', 'max_wal_size', '-D', t.testdirName, '-c', `config_file=${config}`], {
      encoding: 'utf8',
    })
  const folder = t.testdir({ 'wrong.conf': 'shared_bufers = 1GB' })
  const { status, stdout, stderr } = ask(file)
  t.equal(status, 0, stderr)
  t.equal(stdout.trim(), '1024')
  t.match(ask(join(folder, 'wrong.conf')).stderr, 'unrecognized configuration parameter', 'and it does refuse')
})

const Collector = Type.Object({
  receivers: Type.Record(Type.String(), Type.Unknown()),
  processors: Type.Record(Type.String(), Type.Unknown()),
  exporters: Type.Record(Type.String(), Type.Object({ endpoint: Type.String() })),
  extensions: Type.Record(Type.String(), Type.Unknown()),
  service: Type.Object({
    extensions: Type.Array(Type.String()),
    pipelines: Type.Record(
      Type.String(),
      Type.Object({
        receivers: Type.Array(Type.String()),
        processors: Type.Array(Type.String()),
        exporters: Type.Array(Type.String()),
      }),
    ),
  }),
})

t.test('the collector uses what it defines, and defines what it uses', async t => {
  const collector = Value.Parse(Collector, yaml('otel', 'collector.yaml'))
  const pipelines = Object.values(collector.service.pipelines)
  for (const kind of ['receivers', 'processors', 'exporters'] as const) {
    const used = new Set(pipelines.flatMap(pipeline => pipeline[kind]))
    t.strictSame([...used].sort(), Object.keys(collector[kind]).sort(), kind)
  }
  t.strictSame(collector.service.extensions, Object.keys(collector.extensions))
  for (const { endpoint } of Object.values(collector.exporters)) t.ok(containers.includes(hostsIn(endpoint)[0] ?? ''))
})

const Names = Type.Object({ names: Type.Array(Type.String()) })
const Targets = Type.Object({ targets: Type.Array(Type.String()) })
const Prometheus = Type.Object({
  scrape_configs: Type.Array(
    Type.Object({
      job_name: Type.String(),
      dns_sd_configs: Type.Optional(Type.Array(Names)),
      static_configs: Type.Optional(Type.Array(Targets)),
    }),
  ),
})

t.test('Prometheus looks at containers that are there', async t => {
  const { scrape_configs } = Value.Parse(Prometheus, yaml('prometheus', 'prometheus.yml'))
  const hosts = scrape_configs.flatMap(({ dns_sd_configs = [], static_configs = [] }) => [
    ...dns_sd_configs.flatMap(({ names }) => names),
    ...static_configs.flatMap(({ targets }) => targets.map(target => target.split(':')[0] ?? '')),
  ])
  t.ok(hosts.length > 0)
  for (const host of hosts) t.ok(containers.includes(host), host)
})

t.test('promtool takes its configuration', { skip: noPromtool() }, async t => {
  const { status, stderr } = spawnSync('promtool', ['check', 'config', join(infra, 'prometheus', 'prometheus.yml')], {
    encoding: 'utf8',
  })
  t.equal(status, 0, stderr)
})

function noPromtool(): string | false {
  return spawnSync('promtool', ['--version']).status === 0 ? false : 'there is no promtool on this machine'
}

t.test('Grafana reads from containers that are there', async t => {
  const text = readFileSync(join(infra, 'grafana', 'provisioning', 'datasources', 'portico.yaml'), 'utf8')
  const hosts = hostsIn(text)
  t.equal(hosts.length, 2)
  for (const host of hosts) t.ok(containers.includes(host), host)
})

t.test('dashboards ask for metrics that our code has', async t => {
  const code = ['packages', 'gateway', 'services'].flatMap(room => sources(join(root, room))).join('\n')
  const folder = join(infra, 'grafana', 'dashboards')
  for (const file of readdirSync(folder)) {
    const text = readFileSync(join(folder, file), 'utf8')
    const asked = new Set(text.match(/\b(http|db|portico)_[a-z_]+(?=[[{]|_bucket\[|_count\[|\))/g))
    t.ok(asked.size > 0, file)
    for (const name of asked) t.ok(code.includes(`'${name.replace(/_(bucket|count)$/, '')}'`), `${file}: ${name}`)
  }
})

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    if (entry.name === 'node_modules' || entry.name === 'test') return []
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sources(path)
    return entry.name.endsWith('.ts') ? [readFileSync(path, 'utf8')] : []
  })
}
