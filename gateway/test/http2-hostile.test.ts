import { once } from 'node:events'
import { type ClientHttp2Session, connect, constants, type OutgoingHttpHeaders } from 'node:http2'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import tap, { type Test, test } from 'tap'
import { requestBeforeAcknowledging } from './support/raw-http2.ts'
import { json, stubReplica } from './support/stub-service.ts'
import { answerOf, startTlsGateway } from './support/tls-gateway.ts'

// What HTTP/2 lets a client do that HTTP/1.1 does not: two names for one host, fields without end, and 128 answers on one
// connection of which it takes none.

tap.setTimeout(60_000)
const soon = { timeout: 15_000 }
const stalledMs = 1_500

async function startHouse(t: Test) {
  const cache = { maxAgeSeconds: 60, staleWhileRevalidateSeconds: 0, staleIfErrorSeconds: 0 }
  const replica = await stubReplica(t, {
    service: 'things',
    routes: [
      { url: '/v1/things/:id' },
      { url: '/v1/kept/:id', policy: { cache } },
      { url: '/v1/events', policy: { flow: 'events' } },
    ],
    answer: (incoming, response) => {
      if (incoming.url === '/v1/events') {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: first\n\n')
      } else if (incoming.url === '/v1/kept/broken') {
        response.writeHead(200, { 'content-length': 1_000 }).write('half', () => response.destroy())
      } else if (incoming.url === '/v1/kept/trailers') {
        response.writeHead(200, { trailer: 'x-sum' }).write('whole')
        response.addTrailers({ 'x-sum': 'abc' })
        response.end()
      } else json(response, { headers: incoming.headers })
    },
  })
  const house = await startTlsGateway(t, { UPSTREAMS: `things=${replica.address}`, KEEP_ALIVE_MS: String(stalledMs) })
  return { replica, ...house }
}

test('clients of HTTP/2 that mean no good', async t => {
  const { replica, gateway, url } = await startHouse(t)

  function open(t: Test, settings = {}): ClientHttp2Session {
    const session = connect(url, { rejectUnauthorized: false, settings })
    session.on('error', () => {})
    t.after(() => session.destroy())
    return session
  }
  async function ask(t: Test, headers: OutgoingHttpHeaders) {
    const { status, body } = await answerOf(open(t).request({ ':path': '/v1/things/1', ...headers }))
    return { status, body: JSON.parse(body) }
  }

  await t.test('one host, whatever it is called by', soon, async t => {
    const authority = `127.0.0.1:${gateway.port}`
    t.match(await ask(t, { ':authority': authority, host: authority }), { status: 200 })
    const before = replica.seen.length
    const refused = { status: 400, body: { code: 'bad_request', traceId: /^[0-9a-f]{32}$/ } }
    t.match(await ask(t, { ':authority': authority, host: 'other.example' }), refused)
    t.match(await ask(t, { ':authority': 'x:999999' }), refused)
    t.equal(replica.seen.length, before, 'none of them reached the service')
  })

  await t.test('as many fields as over HTTP/1.1, cookies counted as one', soon, async t => {
    const fields = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`x-${index}`, 'y']))
    t.match(await ask(t, fields), { status: 431, body: { code: 'headers_too_large' } })
    const cookie = Array.from({ length: 150 }, (_, index) => `c${index}=v`)
    t.match(await ask(t, { cookie }), { status: 200 })
  })

  await t.test('as many bytes as over HTTP/1.1, before the client has acknowledged the limit', soon, async t => {
    const before = replica.seen.length
    const answer = await requestBeforeAcknowledging(gateway.port, '/v1/things/1', { 'x-long': 'y'.repeat(30_000) })
    t.match(answer, /headers_too_large/)
    t.equal(replica.seen.length, before)
  })

  await t.test('answers that are not taken are not kept for ever; who is only quiet stays', soon, async t => {
    const events = open(t).request({ ':path': '/v1/events' })
    await once(events, 'data')
    const session = open(t, { initialWindowSize: 0 })
    const streams = Array.from({ length: 20 }, () => session.request({ ':path': '/v1/things/1' }))
    const closed = streams.map(
      stream =>
        new Promise(resolve =>
          stream
            .on('error', () => {})
            .resume()
            .once('close', resolve),
        ),
    )
    const beganAt = performance.now()
    // What moves beside them must not keep them.
    const pinging = setInterval(() => session.ping(() => {}), 100)
    t.after(() => clearInterval(pinging))
    await Promise.all(closed)
    t.ok(performance.now() - beganAt > stalledMs * 0.9)
    t.ok(streams.every(({ rstCode }) => rstCode === constants.NGHTTP2_ENHANCE_YOUR_CALM))
    t.notOk(events.closed, 'an event stream has nothing to say, which is another thing')
  })

  await t.test('an answer that may be kept: trailers come, and half of one does not look whole', soon, async t => {
    const stream = open(t).request({ ':path': '/v1/kept/trailers' })
    const trailers = once(stream, 'trailers')
    t.match(await answerOf(stream), { status: 200, body: 'whole' })
    t.match((await trailers)[0], { 'x-sum': 'abc' })
    await t.rejects(answerOf(open(t).request({ ':path': '/v1/kept/broken' })))
  })

  await t.test('no tunnels', soon, async t => {
    const refused = { status: 405, body: { code: 'method_not_allowed', traceId: /^[0-9a-f]{32}$/ } }
    const stream = open(t).request({ ':method': 'CONNECT', ':authority': 'elsewhere.example:443' })
    const { status, body } = await answerOf(stream)
    t.match({ status, body: JSON.parse(body) }, refused)
    const socket = connectTls({ port: gateway.port, host: '127.0.0.1', rejectUnauthorized: false })
    socket.write('CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: elsewhere.example:443\r\n\r\n')
    const text = String(Buffer.concat(await socket.toArray()))
    t.match(text, /^HTTP\/1\.1 405 Method Not Allowed\r\n.*^server-timing: traceparent;desc="00-.*method_not_allowed/ms)
  })

  await t.test('whoever does not speak TLS there hears nothing, and disturbs nobody', soon, async t => {
    const socket = connectTcp(gateway.port, '127.0.0.1').on('error', () => {})
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(socket.resume(), 'close')
    t.match(await ask(t, {}), { status: 200 })
  })
})
