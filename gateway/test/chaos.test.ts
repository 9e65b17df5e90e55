// Runs alone: it kills replicas under load and measures what comes through.
import { type ChildProcess, fork } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { freePort, stopwatch } from '@portico/testkit'
import tap, { type Test, test } from 'tap'
import { createHealthChecks, healthDefaults } from '../src/balancing/health.ts'
import { eventually, type Front, listen, startFront, startReplica } from './forward-harness.ts'
import { startGateway } from './support/gateway.ts'
import { type Counted, load, sized } from './support/load.ts'
import { stubContract } from './support/stub-service.ts'

// Replicas are processes that are killed, frozen and replaced while requests run. No request that may be repeated fails.

interface TestContext {
  teardown(fn: () => unknown): void
  comment(...text: string[]): void
}

const total = sized(10_000, 2_000)
tap.setTimeout(sized(600_000, 180_000))
const withTime = { timeout: sized(300_000, 60_000) }

const contract = JSON.stringify(stubContract({ service: 'chaos', routes: [{ url: '/v1/chaos' }] }))

async function startProcess(t: TestContext, port: number): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'replica-process.ts'), {
    env: { ...process.env, PORT: String(port), CONTRACT: contract },
  })
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

/** Kills one of these each second and starts it again. */
function killInTurn(t: TestContext, children: ChildProcess[], ports: readonly number[]) {
  let kills = 0
  let replacing: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    const index = kills % children.length
    kills += 1
    children[index]?.kill('SIGKILL')
    replacing = startProcess(t, ports[index] ?? 0).then(child => {
      children[index] = child
    })
  }, 1_000)
  t.teardown(() => clearInterval(timer))
  return {
    kills: () => kills,
    async stop() {
      clearInterval(timer)
      await replacing
    },
  }
}

/** What is promised of waiting, measured only when nothing else runs beside it. */
function checkWaits(t: Test, before: Counted, during: Counted): void {
  if (sized(true, false)) t.ok(during.p99Ms <= before.p99Ms * 3, `p99 ${during.p99Ms} ms, before ${before.p99Ms} ms`)
}

test('one of two replicas is killed each second, and comes back', withTime, async t => {
  const front = await startCheckedFront(t)
  const ports = [await freePort(), await freePort()]
  const children = await Promise.all(ports.map(port => startProcess(t, port)))
  ports.forEach((port, index) => {
    front.add(port, `r${index}`)
  })
  const before = await send(t, front, sized(2_000, 1_000))
  const killing = killInTurn(t, children, ports)
  const during = await send(t, front, total, () => killing.kills() >= sized(5, 3))
  await killing.stop()
  t.same(during.failures, {})
  checkWaits(t, before, during)
})

const inFull = { ...withTime, skip: sized<string | false>(false, 'only with PORTICO_FULL_LOAD=1') }

test('the same through the whole gateway', inFull, async t => {
  const ports = [await freePort(), await freePort()]
  const children = await Promise.all(ports.map(port => startProcess(t, port)))
  const upstreams = ports.map(port => `chaos=http://127.0.0.1:${port}`).join(',')
  const gateway = await startGateway(t, { UPSTREAMS: upstreams, RATE_LIMIT: 'off', SLOW_START_MS: '0' })
  const ask = { url: gateway.url, ask: () => ({ method: 'GET', path: '/v1/chaos' }) as const }
  const before = await load(t, { ...ask, requests: 2_000 })
  const killing = killInTurn(t, children, ports)
  const during = await load(t, { ...ask, requests: 10_000, until: () => killing.kills() >= 5 })
  await killing.stop()
  t.same(during.failures, {})
  checkWaits(t, before, during)
})

test('one of two replicas freezes, and thaws', withTime, async t => {
  const front = await startCheckedFront(t)
  const ports = [await freePort(), await freePort()]
  const children = await Promise.all(ports.map(port => startProcess(t, port)))
  ports.forEach((port, index) => {
    front.add(port, `r${index}`)
  })
  const before = await send(t, front, 1_000)
  const [frozen] = front.upstream.replicas
  using tookMs = stopwatch()
  children[0]?.kill('SIGSTOP')
  t.teardown(() => children[0]?.kill('SIGCONT'))
  let outAfterMs = 0
  const watching = eventually(() => frozen?.health === 'unhealthy').then(() => {
    outAfterMs = tookMs()
  })
  const during = await send(t, front, total, () => outAfterMs > 0)
  await watching
  t.same(during.failures, {})
  checkWaits(t, before, during)
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
