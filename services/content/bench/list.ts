import { Agent, get } from 'node:http'
import { generateKeyPair } from '@portico/identity'
import { freePort, privatePostgres, startProcess, type TestScope, testDatabase, testNats } from '@portico/testkit'
import pg from 'pg'
import { migrations } from '../src/context.ts'
import { cpuMicroseconds, parentOf, withChildren } from './cpu.ts'
import { seed, size } from './seed.ts'

/**
 * What a list and a post cost, in CPU of the service and of PostgreSQL, on 100,000 posts: the service as `main.ts` runs
 * it, asked over HTTP. The client's own CPU is not counted.
 */
const requests = 3_000
const concurrency = 8

export async function benchLists(): Promise<void> {
  const closing: (() => unknown)[] = []
  try {
    await bench({ after: work => closing.unshift(work) })
  } finally {
    for (const close of closing) await close()
  }
}

async function bench(scope: TestScope) {
  const server = await privatePostgres(scope)
  const database = await testDatabase(scope, { service: 'content', migrations, server })
  const admin = new pg.Client({ connectionString: database.adminUrl })
  await admin.connect()
  scope.after(() => admin.end())
  await seed(admin)
  const { rows } = await admin.query('select pg_backend_pid() as pid')
  const postgres = parentOf(rows[0].pid) ?? 0

  const port = await freePort()
  const { jwks } = await generateKeyPair()
  const service = await startProcess(scope, {
    main: new URL('../src/main.ts', import.meta.url),
    env: {
      PORT: String(port),
      DATABASE_URL: database.url,
      DATABASE_MIGRATION_URL: database.migrationUrl,
      NATS_URL: (await testNats(scope)).url,
      IDENTITY_JWKS: JSON.stringify(jwks),
      DRAIN_MS: '0',
    },
    ready: async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok,
  })

  const barePort = await freePort()
  const bare = await startProcess(scope, {
    main: new URL('./bare.ts', import.meta.url),
    env: { PORT: String(barePort), DATABASE_URL: database.url },
    ready: async () => (await fetch(`http://127.0.0.1:${barePort}/`)).ok,
  })

  const agent = new Agent({ keepAlive: true, maxSockets: concurrency })
  scope.after(() => agent.destroy())
  console.log(`${size.posts} posts, ${requests} requests each, ${concurrency} at once; CPU in us a request`)
  console.log('                       service  postgres     total   p50 ms   p99 ms')
  const ask = (path: string) => send(agent, port, path)
  const measure = async (name: string, pid: number, request: (index: number) => Promise<string>) => {
    // The same requests once before: code that is compiled, and rows that are in memory.
    await run(request, requests)
    const pids = withChildren(postgres)
    const before = { service: cpuMicroseconds([pid]), postgres: cpuMicroseconds(pids) }
    const latencies = await run(request, requests)
    const service = (cpuMicroseconds([pid]) - before.service) / requests
    report(name, service, (cpuMicroseconds(pids) - before.postgres) / requests, latencies)
  }
  await measure('bare http and pg', bare.pid, () => send(agent, barePort, '/'))
  for (const [name, path] of Object.entries(await cases(ask))) {
    await measure(name, service.pid, index => ask(path(index)))
  }
  await measure('bare http and pg', bare.pid, () => send(agent, barePort, '/'))
}

function report(name: string, service: number, postgres: number, latencies: readonly number[]): void {
  const columns = [service, postgres, service + postgres].map(each => each.toFixed(0).padStart(10)).join('')
  const times = [0.5, 0.99].map(share => quantile(latencies, share).toFixed(1).padStart(9)).join('')
  console.log(`${name.padEnd(20)}${columns}${times}`)
}

/** Paths by name; each request of a case asks another one. */
async function cases(ask: (path: string) => Promise<string>): Promise<Record<string, (index: number) => string>> {
  const cursors = await cursorsOf(ask)
  const deep = (index: number) => cursors[(index * 7) % cursors.length] ?? ''
  const someone = (index: number) => 1 + ((index * 7_919) % size.posts)
  return {
    'list, first page': () => '/v1/posts',
    'list, by cursor': index => `/v1/posts?cursor=${deep(index)}`,
    'list, by tag': index => `/v1/posts?tag=tag-${1 + (index % 190)}`,
    'list, by author': index => `/v1/posts?author=author-${1 + (index % size.authors)}`,
    tags: () => '/v1/tags',
    'one post, by slug': index => `/v1/posts/post-number-${someone(index)}`,
    'one post, by id': index => `/v1/posts/00000000-0000-7000-9000-${String(someone(index)).padStart(12, '0')}`,
  }
}

async function cursorsOf(ask: (path: string) => Promise<string>): Promise<string[]> {
  const cursors: string[] = []
  let cursor = ''
  while (cursors.length < 300) {
    const { nextCursor } = JSON.parse(await ask(`/v1/posts?limit=20${cursor && `&cursor=${cursor}`}`))
    cursors.push(nextCursor)
    cursor = nextCursor
  }
  return cursors
}

/** So many requests, some at once. @returns how long each took, in ms, sorted */
async function run(request: (index: number) => Promise<string>, count: number): Promise<number[]> {
  const latencies: number[] = []
  let next = 0
  const worker = async () => {
    while (next < count) {
      const from = performance.now()
      await request(next++)
      latencies.push(performance.now() - from)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return latencies.sort((one, other) => one - other)
}

function send(agent: Agent, port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ agent, host: '127.0.0.1', port, path }, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', chunk => {
        text += chunk
      })
      response.on('end', () =>
        response.statusCode === 200 ? resolve(text) : reject(new Error(`${path}: ${response.statusCode} ${text}`)),
      )
    }).on('error', reject)
  })
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.floor((sorted.length - 1) * share)] ?? 0
}
