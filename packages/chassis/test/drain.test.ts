import { Agent, get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { type Announcement, contractDigest, contractDocument } from '@portico/contracts'
import { type Bus, connectBus } from '@portico/messaging'
import { silentTelemetry } from '@portico/telemetry'
import { eventually, type StartedProcess, startProcess, stopwatch, testNats } from '@portico/testkit'
import t, { type Test } from 'tap'
import { contract } from './fixture.ts'

t.jobs = 2
t.setTimeout(120_000)
const main = new URL('./fixtures/draining-service.ts', import.meta.url)

interface Replica {
  process: StartedProcess
  address: string
  announced: Announcement[]
}

async function startReplica(t: Test, env: Record<string, string> = {}): Promise<Replica> {
  const nats = await testNats(t)
  const bus = await connectBus({ servers: nats.url, name: 'listener', telemetry: silentTelemetry() })
  t.teardown(() => bus.close())
  const announced = collect(bus)
  await eventually(() => bus.isConnected())
  const process = await startProcess(t, {
    main,
    env: { INSTANCE: 'notes-1', ZONE: 'here', NATS_URL: nats.url, DRAIN_MS: '600', SHUTDOWN_MS: '3000', ...env },
  })
  await eventually(() => announced.length > 0, { withinMs: 30_000 })
  return { process, address: announced[0]?.address ?? '', announced }
}

function collect(bus: Bus): Announcement[] {
  const announced: Announcement[] = []
  bus.onAnnouncement(announcement => {
    announced.push(announcement)
  })
  return announced
}

t.test('it says who it is, each second', async t => {
  const { address, announced } = await startReplica(t)
  await eventually(() => announced.length >= 3)
  t.match(announced[0], {
    service: 'notes',
    instance: 'notes-1',
    version: '1.2.3',
    zone: 'here',
    weight: 1,
    inFlight: 0,
    draining: false,
    contractDigest: contractDigest(contractDocument(contract)),
  })
  t.ok(announced.every(({ utilisation }) => utilisation >= 0 && utilisation <= 1))
  const document: unknown = await (await fetch(`${address}/contract.json`)).json()
  t.same(document, contractDocument(contract), 'and serves the contract that the digest is of')
  t.match(await (await fetch(`${address}/readyz`)).json(), { status: 'ready', checks: { bus: true } })
})

t.test('it leaves without losing a request', async t => {
  const { process, address, announced } = await startReplica(t)
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const before = await ask(agent, `${address}/v1/notes?limit=1`)
  t.equal(before.headers.connection, 'keep-alive')

  // Longer than the drain: still there when the server has stopped taking connections.
  const slow = ask(agent, `${address}/v1/notes?limit=20`)
  await eventually(() => announced.some(({ inFlight }) => inFlight > 0))
  process.kill('SIGTERM')
  await eventually(() => announced.at(-1)?.draining)
  const ready = await fetch(`${address}/readyz`)
  t.equal(ready.status, 503)
  t.match(await ready.json(), { status: 'draining' })
  const late = await ask(agent, `${address}/v1/notes?limit=1`)
  t.equal(late.status, 200, 'whoever has not heard yet is served')
  t.equal(late.headers.connection, 'close', 'and told to go elsewhere next time')
  const ended = await slow
  t.equal(ended.status, 200, 'what was in flight ends well')
  t.equal(ended.headers.connection, 'close')
  using tookMs = stopwatch()
  t.same(await process.exited, { code: 0, signal: null })
  t.ok(tookMs() < 1_000, 'and nothing is waited for after it')
  t.same(stepsOf(process), ['consumers 0', 'relay 0', 'database 0'], 'in order, when no request is left')
})

t.test('a part that fails does not keep the others from stopping', async t => {
  const { process } = await startReplica(t, { STUCK: 'consumers throws', DRAIN_MS: '0' })
  process.kill('SIGINT')
  t.same(await process.exited, { code: 0, signal: null })
  t.same(stepsOf(process), ['consumers 0', 'relay 0', 'database 0'])
})

t.test('the stop has a bound', async t => {
  const { process } = await startReplica(t, { STUCK: 'relay', DRAIN_MS: '0', SHUTDOWN_MS: '400' })
  using tookMs = stopwatch()
  process.kill('SIGTERM')
  t.same(await process.exited, { code: 1, signal: null })
  t.ok(tookMs() < 2_000)
  t.match(process.output(), /the stop took too long/)
})

t.test('a second signal ends it at once', async t => {
  const { process } = await startReplica(t, { DRAIN_MS: '20000' })
  process.kill('SIGTERM')
  await process.line(/draining/)
  process.kill('SIGTERM')
  t.same(await process.exited, { code: 1, signal: null })
})

t.test('a mistake in the environment stops the start and names the variable, not its value', async t => {
  const process = await startProcess(t, { main, env: { PORT: 'eighty', WEIGHT: '-1', LOG_LEVEL: 'loud' } })
  t.same(await process.exited, { code: 78, signal: null })
  t.match(process.output(), /PORT: must be a whole number/)
  t.match(process.output(), /WEIGHT: must be a number|WEIGHT: must lie between 0 and 1000/)
  t.match(process.output(), /LOG_LEVEL: must be one of/)
  t.match(process.output(), /NATS_URL: is required/)
  t.notMatch(process.output(), /eighty|loud/)
})

interface Answered {
  status: number | undefined
  headers: IncomingMessage['headers']
}

function ask(agent: Agent, url: string): Promise<Answered> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, answer => {
      text(answer).then(() => resolve({ status: answer.statusCode, headers: answer.headers }), reject)
    }).on('error', reject)
  })
}

function stepsOf(process: StartedProcess): string[] {
  const lines = process
    .output()
    .split('\n')
    .filter(line => line.includes('"msg":"step"'))
  return lines.map(line => JSON.parse(line)).map(({ step, inFlight }) => `${step} ${inFlight}`)
}
