// Runs alone: it kills replicas under load and measures what comes through.
import { type ChildProcess, fork } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { freePort, stopwatch } from '@portico/testkit'
import tap, { test } from 'tap'
import { createHealthChecks, healthDefaults } from '../src/balancing/health.ts'
import { eventually, type Front, listen, startFront, startReplica } from './forward-harness.ts'
import { type Counted, load, sized } from './support/load.ts'

// Replicas are processes that are killed, frozen and replaced while requests run. No request that may be repeated fails.

interface TestContext {
  teardown(fn: () => unknown): void
  comment(...text: string[]): void
}

const total = sized(10_000, 2_000)
tap.setTimeout(sized(600_000, 180_000))
const withTime = { timeout: sized(300_000, 60_000) }

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

/** So many GETs while `until` says that there is still something to see. */
async function send(t: TestContext, front: Front, requests: number, until?: () => boolean): Promise<Counted> {
  const counted = await load(t, { url: `http://127.0.0.1:${front.port}`, requests, ...(until && { until }) })
  const [lane] = front.forwarder.snapshot()
  t.comment(`${lane?.retries} retries, ${lane?.hedges} hedges, ${lane?.hedgesWon} won`)
  return counted
}

test('one of two replicas is killed each second, and comes back', withTime, async t => {
  const front = await startCheckedFront(t)
  const ports = [await freePort(), await freePort()]
  const children = await Promise.all(ports.map(port => startProcess(t, port)))
  ports.forEach((port, index) => {
    front.add(port, `r${index}`)
  })
  await send(t, front, sized(2_000, 1_000))
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
  const { failures } = await send(t, front, total, () => kills >= sized(5, 3))
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
  await send(t, front, 1_000)
  const [frozen] = front.upstream.replicas
  using tookMs = stopwatch()
  children[0]?.kill('SIGSTOP')
  t.teardown(() => children[0]?.kill('SIGCONT'))
  let outAfterMs = 0
  const watching = eventually(() => frozen?.health === 'unhealthy').then(() => {
    outAfterMs = tookMs()
  })
  const { failures } = await send(t, front, total, () => outAfterMs > 0)
  await watching
  t.same(failures, {})
  t.ok(outAfterMs < 2_000, `out after ${outAfterMs.toFixed(0)} ms`)
  children[0]?.kill('SIGCONT')
  t.ok(await eventually(() => frozen?.health === 'healthy'))
})

test('a replica that fails fast', withTime, async t => {
  const front = await startCheckedFront(t)
  front.add(await freePort().then(async port => (await startProcess(t, port)) && port), 'good')
  const bad = await startReplica(t, (request, response) => {
    response.writeHead(request.url === '/readyz' ? 200 : 500).end('no')
  })
  front.add(bad.port, 'bad')
  const { failures } = await send(t, front, total)
  t.same(failures, {})
  const snapshot = front.upstream.snapshot().replicas.find(({ id }) => id === 'bad')
  t.ok((snapshot?.requests ?? total) < total / 40, `it got ${snapshot?.requests}`)
  // Its score alone keeps nearly everybody away; who fails five times in a row is set aside as well.
  t.ok((snapshot?.requests ?? 0) < 5 || (snapshot?.ejections ?? 0) > 0)
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
  const { failures } = await send(t, front, total)
  t.same(failures, {})
  t.equal(front.upstream.replicas.find(({ id }) => id === 'silent')?.health, 'unhealthy')
})
