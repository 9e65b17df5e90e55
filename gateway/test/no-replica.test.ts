import { eventually } from '@portico/testkit'
import { test } from 'tap'
import { request } from 'undici'
import { startGateway } from './support/gateway.ts'
import { announce, startBus } from './support/house.ts'
import { json, stubReplica } from './support/stub-service.ts'

test('the last replica gone is 503, not 404', async t => {
  t.setTimeout(60_000)
  const { nats, bus } = await startBus(t)
  const only = await stubReplica(t, {
    service: 'things',
    routes: [{ url: '/v1/things/:id', policy: { deadlineMs: 8_000 } }],
    answer: (_incoming, response) => json(response, {}),
  })
  const announcing = announce(t, bus, only, 'things-1')
  const { url } = await startGateway(t, { NATS_URL: nats.url, LOG_LEVEL: 'silent' })
  const ask = async (path: string) => {
    const answer = await request(`${url}${path}`)
    return { status: answer.statusCode, body: (await answer.body.json()) as { code?: string }, headers: answer.headers }
  }
  announcing.stop()
  await only.stop()
  // Its silence is noticed after 4 s; and a request waits for a replica to come, for 5 s at most.
  const refused = await eventually(
    async () => {
      const answer = await ask('/v1/things/1')
      return answer.status === 503 ? answer : false
    },
    { withinMs: 20_000 },
  )
  if (refused === false) throw new Error('never')
  t.match(refused, { status: 503, body: { code: 'service_unavailable', traceId: /^[0-9a-f]{32}$/ } })
  t.type(refused.headers['retry-after'], 'string')
  t.equal((await ask('/v1/other')).status, 404)
})
