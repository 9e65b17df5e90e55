import { connect, type Socket } from 'node:net'
import { eventually, freePort } from '@portico/testkit'
import t, { test } from 'tap'
import { request } from 'undici'
import { type RunningGateway, startGateway } from './support/gateway.ts'
import { announce, startBus } from './support/house.ts'
import { type Asked, load, sized } from './support/load.ts'
import { json, stubReplica } from './support/stub-service.ts'
import { reloaded } from './support/workers.ts'

// Eight processes start one after the other.
t.setTimeout(sized(600_000, 180_000))
const atOnce = 8

/** Every other one over a connection of its own: those that stay know only the worker they began with. */
const mixed = (index: number): Asked => ({ method: 'GET', path: '/v1/things/1', reset: index % 2 === 0 })

async function status({ adminUrl }: RunningGateway, worker: number) {
  const url = `${adminUrl.replace(/\d+$/, port => String(Number(port) + worker))}/status`
  const answer = await request(url, { reset: true, headersTimeout: 2_000 })
  return (await answer.body.json()) as { instance: string; pid: number }
}
const pidsOf = async (gateway: RunningGateway) => [(await status(gateway, 0)).pid, (await status(gateway, 1)).pid]

test('workers share a port, are replaced and die', async t => {
  const replica = await stubReplica(t, {
    service: 'things',
    routes: [{ url: '/v1/things/:id' }],
    answer: (_incoming, response) => json(response, {}),
  })
  const { nats, bus } = await startBus(t)
  announce(t, bus, replica, 'things-1')
  const gateway = await startGateway(t, {
    NATS_URL: nats.url,
    ADMIN_PORT: String(await freePair()),
    WORKERS: '2',
    INSTANCE: 'gw',
    DRAIN_MS: '300',
    RATE_LIMIT: 'off',
    LOG_LEVEL: 'info',
  })
  const loading = { url: gateway.url, ask: mixed, atOnce }

  await t.test('the second joins when it knows what the first one knows', async t => {
    let over = false
    const joined = eventually(() => pidsOf(gateway), { withinMs: 30_000 }).finally(() => {
      over = true
    })
    joined.catch(() => {})
    const { failures } = await load(t, { ...loading, requests: sized(10_000, 500), until: () => over })
    const pids = await joined
    t.same(failures, {})
    t.equal(new Set([...pids, gateway.process.pid]).size, 3)
    t.match(await status(gateway, 1), { instance: 'gw.1' })
  })

  await t.test('SIGHUP replaces both, and no client meets a closed connection', async t => {
    const before = await pidsOf(gateway)
    const idle = await Promise.all(Array.from({ length: 16 }, () => keptConnection(gateway.port)))
    for (const connection of idle) t.notMatch(await connection.ask(), /^connection: close/im)
    let done = false
    const reloading = reloaded(gateway).finally(() => {
      done = true
    })
    const { failures } = await load(t, { ...loading, requests: sized(20_000, 1_000), until: () => done })
    await reloading
    t.same(failures, {})
    const after = await pidsOf(gateway)
    t.notOk(after.some(pid => before.includes(pid)))
    for (const connection of idle) t.match(await connection.ask(), /^HTTP\/1.1 200 OK\r\n.*connection: close/is)
    await Promise.all(idle.map(({ closed }) => closed))
  })

  await t.test('what a killed worker was at fails at once, and nothing else', async t => {
    const { pid } = await status(gateway, 0)
    let done = false
    const replaced = eventually(async () => (await status(gateway, 0)).pid !== pid, { withinMs: 60_000 }).finally(
      () => {
        done = true
      },
    )
    const ask = (index: number) => {
      if (index === 200) process.kill(pid, 'SIGKILL')
      return mixed(index)
    }
    const requests = sized(20_000, 1_000)
    const { failures, worstMs } = await load(t, { ...loading, ask, requests, until: () => done })
    await replaced
    const codes = Object.keys(failures)
    t.ok(
      codes.every(code => ['ECONNRESET', 'ECONNREFUSED', 'UND_ERR_SOCKET', 'EPIPE'].includes(code)),
      codes.join(),
    )
    const failed = Object.values(failures).reduce((sum, count) => sum + count, 0)
    t.ok(failed <= atOnce, `${failed} failed`)
    t.ok(worstMs < 10_000, `none waited: ${worstMs} ms`)
  })

  await t.test('they leave in order, whoever still holds a connection', async t => {
    const kept = await keptConnection(gateway.port)
    await kept.ask()
    t.match(await gateway.process.stop(), { code: 0 })
    await kept.closed
  })
})

/** The second worker's admin port is the next one after the first one's. */
async function freePair(): Promise<number> {
  const ports = new Set<number>()
  for (;;) {
    const port = await freePort()
    ports.add(port)
    if (ports.has(port - 1)) return port - 1
    if (ports.has(port + 1)) return port
  }
}

/** A connection over which one asks now and then, as browsers and pools keep them. */
async function keptConnection(port: number) {
  const socket: Socket = connect(port, '127.0.0.1')
  const closed = new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.once('close', () => resolve())
  })
  closed.catch(() => {})
  async function ask(): Promise<string> {
    if (socket.closed) throw new Error('closed without a word')
    let text = ''
    const answered = new Promise<string>((resolve, reject) => {
      socket.once('close', () => reject(new Error(`closed after: ${text}`)))
      socket.on('data', function read(part) {
        text += part
        if (!text.endsWith('\r\n\r\n{}')) return
        socket.off('data', read)
        resolve(text)
      })
    })
    socket.write('GET /v1/things/1 HTTP/1.1\r\nhost: kept\r\n\r\n')
    return answered
  }
  return { ask, closed }
}
