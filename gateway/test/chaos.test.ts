// Runs alone: it kills replicas under load and measures what comes through.
import { type ChildProcess, fork } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import tap, { test } from 'tap'
import { Pool } from 'undici'
import { createHealthChecks, healthDefaults } from '../src/balancing/health.ts'
import { eventually, type Front, listen, startFront, startReplica } from './forward-harness.ts'

// Replicas are processes that are killed, frozen and replaced while requests run. No request that may be repeated fails.

interface TestContext {
  teardown(fn: () => unknown): void
  comment(...text: string[]): void
}

const total = 10_000
tap.setTimeout(180_000)
const withTime = { timeout: 60_000 }

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  await new Promise(resolve => server.close(resolve))
  return port
}

async function startProcess(t: TestContext, port: number): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'replica-process.ts'), { env: { ...process.env, PORT: String(port) } })
  t.teardown(() => child.kill('SIGKILL'))
  await new Promise(resolve => child.once('message', resolve))
  return child
}

async function startCheckedFront(t: TestContext): Promise<Front> {
  const front = await startFront(t)
  const one = { of: () => front.upstream, all: () => [front.upstream], close: async () => {} }
  const checks = createHealthChecks(one, healthDefaults)
  t.teardown(() => checks.close())
  return front
}

interface Counted {
  readonly failures: Record<string, number>
  readonly p50Ms: number
  readonly p99Ms: number
  readonly worstMs: number
}

/** So many GETs, eight at a time, while `until` says that there is still something to see. */
async function load(t: TestContext, front: Front, least: number, until: () => boolean = () => true): Promise<Counted> {
  const pool = new Pool(`http://127.0.0.1:${front.port}`)
  t.teardown(() => pool.destroy())
  const failures: Record<string, number> = {}
  const latenciesMs: number[] = []
  let sent = 0
  async function one(): Promise<void> {
    while (sent < least || !until()) {
      sent += 1
      const fromMs = performance.now()
      const outcome = await pool.request({ path: '/', method: 'GET' }).then(
        async ({ statusCode, body }) => {
          await body.dump()
          return statusCode === 200 ? '' : String(statusCode)
        },
        error => error.code ?? 'broken',
      )
      latenciesMs.push(performance.now() - fromMs)
      if (outcome !== '') failures[outcome] = (failures[outcome] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: 8 }, one))
  latenciesMs.sort((a, b) => a - b)
  const at = (part: number) => latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * part))] ?? 0
  const counted = { failures, p50Ms: at(0.5), p99Ms: at(0.99), worstMs: at(1) }
  const [lane] = front.forwarder.snapshot()
  t.comment(
    `${latenciesMs.length} requests, p50 ${counted.p50Ms.toFixed(1)} ms, p99 ${counted.p99Ms.toFixed(1)} ms, worst ` +
      `${counted.worstMs.toFixed(0)} ms; ${lane?.retries} retries, ${lane?.hedges} hedges, ${lane?.hedgesWon} won`,
  )
  return counted
}

test('one of two replicas is killed each second, and comes back', withTime, async t => {
  const front = await startCheckedFront(t)
  const ports = [await freePort(), await freePort()]
  const children = await Promise.all(ports.map(port => startProcess(t, port)))
  ports.forEach((port, index) => {
    front.add(port, `r${index}`)
  })
  await load(t, front, 2_000)
  let kills = 0
  let replacing: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    const index = kills % 2
    kills += 1
    children[index]?.kill('SIGKILL')
    replacing = startProcess(t, ports[index] ?? 0).then(child => {
      children[index] = child
    })
  }, 1_000)
  t.teardown(() => clearInterval(timer))
  const { failures } = await load(t, front, total, () => kills >= 5)
  clearInterval(timer)
  await replacing
  t.same(failures, {})
})

test('one of two replicas freezes, and thaws', withTime, async t => {
  const front = await startCheckedFront(t)
  const ports = [await freePort(), await freePort()]
  const children = await Promise.all(ports.map(port => startProcess(t, port)))
  ports.forEach((port, index) => {
    front.add(port, `r${index}`)
  })
  await load(t, front, 1_000)
  const [frozen] = front.upstream.replicas
  const frozenAtMs = performance.now()
  children[0]?.kill('SIGSTOP')
  t.teardown(() => children[0]?.kill('SIGCONT'))
  let outAfterMs = 0
  const watching = eventually(() => frozen?.health === 'unhealthy', 5_000).then(() => {
    outAfterMs = performance.now() - frozenAtMs
  })
  const { failures } = await load(t, front, total / 2, () => outAfterMs > 0)
  await watching
  t.same(failures, {})
  t.comment(`out after ${outAfterMs.toFixed(0)} ms`)
  t.ok(outAfterMs < 3_000)
  children[0]?.kill('SIGCONT')
  t.ok(await eventually(() => frozen?.health === 'healthy', 5_000))
})

test('a replica that fails fast', withTime, async t => {
  const front = await startCheckedFront(t)
  front.add(await freePort().then(async port => (await startProcess(t, port)) && port), 'good')
  const bad = await startReplica(t, (request, response) => {
    response.writeHead(request.url === '/readyz' ? 200 : 500).end('no')
  })
  front.add(bad.port, 'bad')
  const { failures } = await load(t, front, total / 2)
  t.same(failures, {})
  const snapshot = front.upstream.snapshot().replicas.find(({ id }) => id === 'bad')
  t.ok((snapshot?.requests ?? total) < total / 40, `it got ${snapshot?.requests}`)
  t.ok((snapshot?.ejections ?? 0) > 0)
})

test('a replica that accepts and never answers', withTime, async t => {
  const front = await startCheckedFront(t)
  const sockets = new Set<{ destroy(): void }>()
  const silent = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.resume()
  })
  front.add(await listen(silent), 'silent')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  front.add(await freePort().then(async port => (await startProcess(t, port)) && port), 'good')
  const { failures } = await load(t, front, total / 2)
  t.same(failures, {})
  t.equal(front.upstream.replicas.find(({ id }) => id === 'silent')?.health, 'unhealthy')
})
