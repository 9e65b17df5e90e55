import { test } from 'tap'
import { framingCases } from './support/framing-cases.ts'
import { startGateway } from './support/gateway.ts'
import { raw, statusOf } from './support/raw.ts'
import { bodyOf, json, stubReplica } from './support/stub-service.ts'

const atOnce = 8

test('the service sees one request or none, never a second', async t => {
  const bodies = new Map<string, string[]>()
  const note = (url: string, body: string) => bodies.set(url, [...(bodies.get(url) ?? []), body])
  const replica = await stubReplica(t, {
    service: 'things',
    routes: [
      { url: '/v1/echo/*' },
      { method: 'POST', url: '/v1/echo/*', policy: { bodyLimitBytes: 10_000, deadlineMs: 1_000 } },
      { url: '/v1/smuggled' },
    ],
    answer: async (incoming, response) => {
      const url = incoming.url ?? ''
      const body = await bodyOf(incoming).catch(() => null)
      note(url, body === null ? 'broke off' : body.toString('latin1'))
      if (body !== null) json(response, {})
    },
  })
  const gateway = await startGateway(t, { UPSTREAMS: `things=${replica.address}`, RATE_LIMIT: 'off' })
  t.ok(framingCases.length >= 300, `${framingCases.length} cases`)

  const waiting = framingCases.map((one, index) => ({ ...one, path: `/v1/echo/${index}-` }))
  const work = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const answer = await raw(gateway.port, one.bytes.replaceAll('PATH', one.path), { quietMs: 5_000 }).catch(() => '')
      const seen = [...bodies].filter(([url]) => url.startsWith(one.path)).flatMap(([, list]) => list)
      const status = statusOf(answer.replace(/^HTTP\/1.1 100 Continue\r\n\r\n/, ''))
      if (one.expect === 'passes') {
        t.same(seen, [one.body], `${one.name} passes (${status})`)
        t.equal(status, 200, `${one.name} is answered`)
      } else if (one.expect === 'refused') {
        t.same(seen, [], `${one.name} does not pass (${status})`)
        t.ok(status === 0 || status >= 400, `${one.name} is refused: ${status}`)
        if (status >= 400 && !/^HEAD/.test(one.bytes))
          t.match(answer, /application\/problem\+json/, `${one.name}: problem`)
      } else t.ok(seen.length <= 1, `${one.name}: at most once`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  t.equal(bodies.get('/v1/smuggled'), undefined, 'the hidden request was seen by nobody')
})
