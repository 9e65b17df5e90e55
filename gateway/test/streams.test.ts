import { once } from 'node:events'
import { connect } from 'node:net'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { eventually, stopwatch } from '@portico/testkit'
import { test } from 'tap'
import { request } from 'undici'
import { WebSocket, WebSocketServer } from 'ws'
import { sessionNews, sessionsOf, stubExchange } from './support/exchange.ts'
import { startGateway } from './support/gateway.ts'
import { announce, startBus } from './support/house.ts'
import { raw, statusOf } from './support/raw.ts'
import { bodyOf, json, stubReplica } from './support/stub-service.ts'

const userId = '01890000-0000-7000-8000-000000000001'
const sessionId = '01890000-0000-7000-8000-000000000002'
const big = JSON.stringify({ items: Array.from({ length: 200 }, (_, index) => ({ index, title: `title ${index}` })) })

test('sockets, event streams and compression', async t => {
  const { nats, bus } = await startBus(t)
  let live = true
  let finish = () => {}
  const finished = new Promise<void>(resolve => {
    finish = resolve
  })
  const replica = await stubReplica(t, {
    service: 'accounts',
    routes: [
      { url: '/v1/socket', policy: { flow: 'websocket' } },
      { url: '/v1/private-socket', policy: { flow: 'websocket', access: 'signed-in' } },
      { url: '/v1/events', policy: { flow: 'events', access: 'signed-in' } },
      { url: '/v1/big' },
      { url: '/v1/coded' },
      { url: '/v1/small' },
      { url: '/v1/slow' },
      { url: '/v1/bytes', policy: { flow: 'stream' } },
    ],
    sessionExchange: stubExchange,
    answer: async (incoming, response) => {
      const body = await bodyOf(incoming)
      if (incoming.url === stubExchange.url) {
        const known = live && JSON.parse(body.toString()).token === 'good'
        return known ? json(response, sessionsOf(userId, sessionId)) : json(response, {}, {}, 401)
      }
      if (incoming.url === '/v1/events') {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: first\n\n')
        return undefined
      }
      if (incoming.url === '/v1/slow') await finished
      const headers = { 'content-type': 'application/json', etag: '"strong"' }
      if (incoming.url === '/v1/small') return response.writeHead(200, { ...headers, 'content-length': 2 }).end('{}')
      if (incoming.url === '/v1/coded')
        return response.writeHead(200, { ...headers, 'content-encoding': 'br' }).end(big)
      return response.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(big) }).end(big)
    },
  })
  const sockets = new WebSocketServer({
    server: replica.server,
    perMessageDeflate: true,
    handleProtocols: offered => (offered.has('greets') ? 'greets' : false),
    verifyClient({ req }, answer) {
      const refusal = Number(new URL(req.url ?? '', 'http://x').searchParams.get('refuse'))
      if (refusal === 1) req.socket.destroy()
      else answer(refusal === 0, refusal, 'no', { 'x-why': 'because', server: 'stub' })
    },
  })
  sockets.on('connection', socket => {
    socket.on('message', (data, binary) => socket.send(data, { binary }))
    if (socket.protocol === 'greets') socket.send('welcome')
  })
  t.after(() => {
    for (const client of sockets.clients) client.terminate()
    sockets.close()
  })
  announce(t, bus, replica, 'accounts-1')
  const news = sessionNews(t, bus)
  const gateway = await startGateway(t, {
    NATS_URL: nats.url,
    CORS_ORIGINS: 'https://app.example',
    LOG_LEVEL: 'info',
    SHUTDOWN_MS: '2000',
  })
  const socketUrl = gateway.url.replace('http', 'ws')
  const good = { authorization: 'Bearer good' }

  await t.test('a socket is joined with the replica’s', async t => {
    const socket = new WebSocket(`${socketUrl}/v1/socket`)
    await once(socket, 'open')
    socket.send('hello')
    t.equal(String((await once(socket, 'message'))[0]), 'hello')
    const large = Buffer.alloc(2_000_000, 7)
    socket.send(large)
    const [echo] = await once(socket, 'message')
    t.ok(large.equals(echo as Buffer))
    socket.close()
    await once(socket, 'close')
  })

  await t.test('what the two agree on is theirs, and what comes right behind the handshake is not lost', async t => {
    const socket = new WebSocket(`${socketUrl}/v1/socket`, ['other', 'greets'])
    const [[head], [message]] = await Promise.all([once(socket, 'upgrade'), once(socket, 'message')])
    t.equal(String(message), 'welcome')
    t.equal(socket.protocol, 'greets')
    t.match(socket.extensions, /permessage-deflate/)
    t.match(head.headers['x-request-id'], /^[0-9a-f]{32}$/, 'its id, as every answer has it')
    socket.send('x'.repeat(100_000))
    t.equal(String((await once(socket, 'message'))[0]).length, 100_000)
    socket.ping('are you there')
    t.equal(String((await once(socket, 'pong'))[0]), 'are you there')
    socket.terminate()
    await eventually(() => sockets.clients.size === 0)
    t.pass('the replica was told that the client left')
  })

  await t.test('when the replica dies, so does the socket, at once', async t => {
    const socket = new WebSocket(`${socketUrl}/v1/socket`)
    await once(socket, 'open')
    const beganAt = performance.now()
    for (const client of sockets.clients) client.terminate()
    await once(socket, 'close')
    t.ok(performance.now() - beganAt < 1_000)
  })

  await t.test(
    'a refusal by the replica is passed on, one that breaks off is a failure, and all are counted',
    async t => {
      for (const [refuse, expected] of [
        [401, 401],
        [426, 426],
        [1, 503],
      ]) {
        const socket = new WebSocket(`${socketUrl}/v1/socket?refuse=${refuse}`)
        const [, answer] = await once(
          socket.on('error', () => {}),
          'unexpected-response',
        )
        t.equal(answer.statusCode, expected)
        t.match(answer.headers['x-request-id'], /^[0-9a-f]{32}$/)
        t.equal(answer.headers['x-why'], expected === 503 ? undefined : 'because')
        t.equal(answer.headers.server, undefined)
        socket.terminate()
      }
      const metrics = await request(`${gateway.adminUrl}/metrics`)
      const counted = await metrics.body.text()
      for (const status of [401, 426, 503]) t.match(counted, new RegExp(`_count\\{[^}]*/v1/socket"[^}]*"${status}"`))
    },
  )

  await t.test('who was refused cannot stay', async t => {
    const hand = `Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n`
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
    for (const [path, status] of [
      ['/v1/private-socket', 401],
      ['/v1/socket?refuse=426', 426],
      ['/v1/socket?refuse=1', 503],
    ]) {
      const socket = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true })
      let received = ''
      socket
        .on('error', () => {})
        .on('data', chunk => {
          received += chunk
        })
      socket.write(`GET ${path} HTTP/1.1\r\n${hand}${key}\r\n`)
      await once(socket, 'end')
      t.equal(statusOf(received), status)
      // Its own side is still open: what it writes there is answered with a reset once the other end is gone.
      await eventually(() => socket.destroyed || (socket.write('x') && false))
      t.ok(socket.destroyed)
    }
  })

  await t.test('a handshake goes through the same door as a request', async t => {
    const refused = async (path: string, headers: Record<string, string> = {}) => {
      const socket = new WebSocket(`${socketUrl}${path}`, { headers })
      const [, answer] = await once(socket, 'unexpected-response')
      return answer.statusCode
    }
    t.equal(await refused('/v1/private-socket'), 401)
    t.equal(await refused('/v1/nothing'), 404)
    t.equal(
      await refused('/v1/private-socket', { cookie: 'portico_session=good', origin: 'https://evil.example' }),
      403,
    )
    const hand = 'GET /v1/socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
    t.equal(statusOf(await raw(gateway.port, `${hand}Sec-WebSocket-Version: 12\r\n\r\n`)), 400)
    t.equal(
      statusOf(await raw(gateway.port, `${hand}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n`)),
      400,
    )
    const other = 'GET /v1/small HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'
    t.equal(statusOf(await raw(gateway.port, other)), 200, 'an upgrade that is not spoken is ignored')
  })

  await eventually(async () => {
    const answer = await request(`${gateway.url}/v1/private-socket`, { headers: good })
    await answer.body.dump()
    return answer.statusCode === 200
  })

  await t.test('what is open is shut when its session ends', async t => {
    const socket = new WebSocket(`${socketUrl}/v1/private-socket`, { headers: good })
    await once(socket, 'open')
    const events = await request(`${gateway.url}/v1/events`, { headers: good })
    t.equal(events.headers['content-type'], 'text/event-stream')
    t.equal(String((await once(events.body, 'data'))[0]), 'data: first\n\n', 'unbuffered')
    const [ended, closed] = [once(events.body, 'error'), once(socket, 'close')]
    using tookMs = stopwatch()
    news.revoke(userId, [sessionId])
    await Promise.all([ended, closed])
    t.ok(tookMs() < 1_000)
  })

  await t.test('when revocations are not heard, open sessions are asked for', async t => {
    const events = await request(`${gateway.url}/v1/events`, { headers: good })
    await once(events.body, 'data')
    const ended = once(events.body, 'error')
    news.fallSilent()
    live = false
    await ended
    t.pass('it was shut')
    live = true
    news.beatAgain()
  })

  await t.test('compression where it pays', async t => {
    const get = async (path: string, accept: string | null, headers: Record<string, string> = {}) => {
      const answer = await request(`${gateway.url}${path}`, {
        headers: { ...(accept === null ? {} : { 'accept-encoding': accept }), ...headers },
      })
      return { headers: answer.headers, body: Buffer.from(await answer.body.arrayBuffer()) }
    }
    const decoders = { br: brotliDecompressSync, gzip: gunzipSync, zstd: zstdDecompressSync }
    const cases = [
      ['gzip, deflate, br, zstd', 'zstd'],
      ['gzip, br', 'br'],
      ['gzip', 'gzip'],
      ['br;q=0.5, gzip', 'gzip'],
      ['*', 'zstd'],
    ] as const
    for (const [accept, coding] of cases) {
      const { headers, body } = await get('/v1/big', accept)
      t.equal(headers['content-encoding'], coding, accept)
      t.equal(decoders[coding](body).toString(), big)
      t.equal(headers.etag, 'W/"strong"')
      t.match(String(headers.vary), /accept-encoding/)
      t.ok(body.length < big.length / 3)
    }
    for (const accept of [null, '', 'identity', 'br;q=0', 'deflate', 'gzip;q=0.1, identity']) {
      const { headers, body } = await get('/v1/big', accept)
      t.equal(headers['content-encoding'], undefined, String(accept))
      t.equal(body.toString(), big)
      t.equal(headers.etag, '"strong"')
    }
    t.equal((await get('/v1/small', 'gzip')).headers['content-encoding'], undefined)
    t.equal((await get('/v1/coded', 'gzip')).headers['content-encoding'], 'br', 'never a second time')
    t.equal((await get('/v1/bytes', 'gzip')).headers['content-encoding'], undefined, 'streams flow as they are')
  })

  await t.test('CORS', async t => {
    const origin = 'https://app.example'
    const preflight = await request(`${gateway.url}/v1/big`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization,x-a',
      },
    })
    t.equal(preflight.statusCode, 204)
    t.match(preflight.headers, {
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-allow-headers': 'authorization,x-a',
      'access-control-allow-methods': 'GET, HEAD, OPTIONS',
    })
    const actual = await request(`${gateway.url}/v1/small`, { headers: { origin } })
    t.equal(actual.headers['access-control-allow-origin'], origin)
    t.match(String(actual.headers.vary), /origin/)
    await actual.body.dump()
    const foreign = await request(`${gateway.url}/v1/small`, { headers: { origin: 'https://evil.example' } })
    t.equal(foreign.headers['access-control-allow-origin'], undefined)
    await foreign.body.dump()
  })

  await t.test('a client that goes away in a stream takes nothing down', async t => {
    const socket = connect(gateway.port, '127.0.0.1')
    socket.write(`GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\r\n`)
    await once(socket, 'data')
    socket.resetAndDestroy()
    const health = await request(`${gateway.url}/healthz`)
    t.equal(health.statusCode, 200)
    await health.body.dump()
  })

  await t.test('on the way out it answers what is under way, ends what stays open, and stops in time', async t => {
    const socket = new WebSocket(`${socketUrl}/v1/socket`)
    await once(socket, 'open')
    // That the session is none was found out above, and is remembered for a moment.
    const events = await eventually(async () => {
      const answer = await request(`${gateway.url}/v1/events`, { headers: good })
      if (answer.statusCode === 200) return answer
      await answer.body.dump()
      return false
    })
    if (events === false) throw new Error('the session stays unknown')
    await once(events.body, 'data')
    const ended = Promise.all([once(socket, 'close'), once(events.body, 'error')])
    const slow = request(`${gateway.url}/v1/slow`)
    await eventually(() => replica.seen.at(-1)?.url === '/v1/slow')
    const beganAt = performance.now()
    gateway.process.kill('SIGTERM')
    await gateway.process.line(/draining/)
    finish()
    const { statusCode, body } = await slow
    t.equal(statusCode, 200)
    await body.dump()
    t.equal((await gateway.process.exited).code, 0)
    t.ok(performance.now() - beganAt < 2_000)
    await ended
  })
})
