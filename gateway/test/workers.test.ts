import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from '@portico/testkit'
import { test } from 'tap'
import { Pool, request } from 'undici'
import { startGateway } from './support/gateway.ts'
import { json, stubReplica } from './support/stub-service.ts'

test('workers share the port, are replaced and restarted without a failed request', async t => {
  // Seven processes start one after the other.
  t.setTimeout(90_000)
  const replica = await stubReplica(t, {
    service: 'things',
    routes: [{ url: '/v1/things/:id' }],
    answer: (_incoming, response) => json(response, {}),
  })
  const gateway = await startGateway(t, {
    UPSTREAMS: `things=${replica.address}`,
    WORKERS: '2',
    INSTANCE: 'gw',
    DRAIN_MS: '300',
    RATE_LIMIT: 'off',
    LOG_LEVEL: 'silent',
  })
  const status = async (worker: number) => {
    const url = `${gateway.adminUrl.replace(/\d+$/, port => String(Number(port) + worker))}/status`
    // A worker that is being replaced may take a connection and never answer on it: the next attempt is another's.
    const answer = await request(url, { signal: AbortSignal.timeout(2_000), reset: true })
    return (await answer.body.json()) as { instance: string; pid: number }
  }
  const pids = await eventually(async () => [(await status(0)).pid, (await status(1)).pid], { withinMs: 15_000 })
  t.equal(new Set([...pids, gateway.process.pid]).size, 3)
  t.match((await status(1)).instance, 'gw.1')

  const pool = new Pool(gateway.url, { connections: 4, pipelining: 1 })
  t.after(() => pool.close())
  let asked = 0
  const failures: string[] = []
  let loading = true
  const load = async () => {
    while (loading) {
      asked += 1
      await pause(2)
      await pool
        .request({ method: 'GET', path: '/v1/things/1' })
        .then(async ({ statusCode, body }) => {
          await body.dump()
          if (statusCode !== 200) failures.push(String(statusCode))
        })
        .catch(error => failures.push(String(error)))
    }
  }
  const loads = Array.from({ length: 4 }, load)

  await t.test('SIGHUP replaces both', async t => {
    gateway.process.kill('SIGHUP')
    await eventually(
      async () => {
        const now = [(await status(0)).pid, (await status(1)).pid]
        return now.every(pid => !pids.includes(pid))
      },
      { withinMs: 60_000, everyMs: 200 },
    )
    t.pass('both are new')
  })
  loading = false
  await Promise.all(loads)
  t.same(failures, [], `none of ${asked} failed`)

  await t.test('a worker that dies is replaced', async t => {
    const { pid } = await status(0)
    process.kill(pid, 'SIGKILL')
    await eventually(async () => (await status(0)).pid !== pid, { withinMs: 15_000, everyMs: 200 })
    t.ok(await eventually(async () => (await request(`${gateway.url}/v1/things/1`)).statusCode === 200))
  })
})
