import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { eventually, processTable, type TestScope } from '@portico/testkit'
import pg from 'pg'
import t from 'tap'

const fixture = fileURLToPath(new URL('./fixtures/uses-postgres.ts', import.meta.url))

/** Processes that share a PostgreSQL of their own: what is shared is found through the temporary folder. */
async function openHouse(t: TestScope) {
  const folder = await mkdtemp('/tmp/portico-shared-')
  // The user that PostgreSQL runs as has to get in.
  await chmod(folder, 0o755)
  const children: ChildProcess[] = []
  t.after(async () => {
    for (const child of children) child.kill('SIGKILL')
    await eventually(async () => (await readdir(folder)).length === 0, { withinMs: 20_000 })
    await rm(folder, { recursive: true })
  })
  async function user(): Promise<{ url: string; child: ChildProcess }> {
    const env = { PATH: process.env.PATH ?? '', TMPDIR: folder }
    const child = spawn(process.execPath, [fixture], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    const [chunk] = await once(child.stdout ?? child, 'data')
    return { url: String(chunk).trim(), child }
  }
  return { folder, user }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 })
  client.on('error', () => {})
  return client.connect().then(
    () => client.end().then(() => true),
    () => false,
  )
}

t.test('processes that start at once share one server, which goes with the last, however it ends', async t => {
  const { folder, user } = await openHouse(t)
  const users = await Promise.all([user(), user(), user()])
  t.equal(new Set(users.map(({ url }) => url)).size, 1)
  const [first, second, third] = users
  first?.child.kill('SIGKILL')
  second?.child.kill('SIGTERM')
  const late = await user()
  t.equal(late.url, third?.url, 'who comes later finds it')
  third?.child.kill('SIGKILL')
  t.ok(await answers(late.url))
  late.child.kill('SIGKILL')
  await eventually(async () => !(await answers(late.url)), { withinMs: 15_000 })
  await eventually(async () => (await readdir(folder)).length === 0, { withinMs: 15_000 })
})

t.test('its keeper killed: the server goes too, and the next one starts another', async t => {
  const { folder, user } = await openHouse(t)
  const one = await user()
  const keeper = (await processTable()).find(({ command }) => command.includes(`postgres-keeper.ts ${folder}`))
  t.ok(keeper)
  process.kill(keeper?.pid ?? Number.NaN, 'SIGKILL')
  await eventually(async () => !(await answers(one.url)), { withinMs: 15_000 })
  const two = await user()
  t.not(two.url, one.url)
  t.ok(await answers(two.url))
})
