import { once } from 'node:events'
import { connect, type IncomingHttpHeaders } from 'node:http2'
import { connect as connectTls } from 'node:tls'
import { eventually } from '@portico/testkit'
import tap, { type Test, test } from 'tap'
import { request } from 'undici'
import { WebSocket, WebSocketServer } from 'ws'
import { beginUpload } from './support/raw-http2.ts'
import { bodyOf, json, type StubReplica, stubReplica } from './support/stub-service.ts'
import { answerOf, startTlsGateway } from './support/tls-gateway.ts'

// What is told of HTTP/1.1 elsewhere, told of HTTP/2 and of what shares its port: nothing is lost on the way between two
// versions, and nothing half looks whole.

tap.setTimeout(60_000)
const soon = { timeout: 10_000 }
const mebibyte = 1_048_576
const chunk = Buffer.alloc(64 * 1_024)

/** A replica that does what a test tells it to, and remembers what it read and wrote. */
async function startReplica(t: Test): Promise<StubReplica & { moved: { read: number; written: number }; go(): void }> {
  const moved = { read: 0, written: 0 }
  let go = () => {}
  const gone = new Promise<void>(resolve => {
    go = resolve
  })
  const replica = await stubReplica(t, {
    service: 'things',
    routes: [
      { url: '/v1/hints' },
      { url: '/v1/trailers' },
      { url: '/v1/broken' },
      { url: '/v1/plain' },
      { url: '/v1/events', policy: { flow: 'events' } },
      { url: '/v1/socket', policy: { flow: 'websocket' } },
      { url: '/v1/endless', policy: { flow: 'stream' } },
      { method: 'POST', url: '/v1/things', policy: { flow: 'stream', bodyLimitBytes: 2 ** 30 } },
      { method: 'POST', url: '/v1/slow', policy: { flow: 'stream', bodyLimitBytes: 2 ** 30 } },
    ],
    answer: async (incoming, response) => {
      if (incoming.url === '/v1/hints') response.writeEarlyHints({ link: '</a.css>; rel=preload' })
      if (incoming.url === '/v1/trailers') {
        response.writeHead(200, { trailer: 'x-sum' }).write('whole')
        response.addTrailers({ 'x-sum': 'abc' })
        return response.end()
      }
      if (incoming.url === '/v1/broken') return response.write('half', () => response.destroy())
      if (incoming.url === '/v1/events') {
        return response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: first\n\n')
      }
      if (incoming.url === '/v1/endless') {
        const write = () => {
          do moved.written += chunk.length
          while (response.write(chunk))
        }
        response.on('drain', write)
        return write()
      }
      if (incoming.url === '/v1/slow') {
        await gone
        for await (const part of incoming) moved.read += part.length
        return json(response, { bytes: moved.read })
      }
      return json(response, { bytes: (await bodyOf(incoming)).length, headers: incoming.headers })
    },
  })
  return Object.assign(replica, { moved, go: () => go() })
}

async function startHouse(t: Test) {
  const replica = await startReplica(t)
  const { gateway, url, insecure } = await startTlsGateway(t, {
    UPSTREAMS: `things=${replica.address}`,
    HEADERS_TIMEOUT_MS: '1000',
    SHUTDOWN_MS: '2000',
  })
  const session = connect(url, { rejectUnauthorized: false })
  session.on('error', () => {})
  t.after(() => session.destroy())
  return { replica, gateway, url, session, insecure }
}

test('HTTP/2, and what shares its port', async t => {
  const { replica, gateway, url, session, insecure } = await startHouse(t)
  const last = () => replica.seen.at(-1)

  await t.test('early hints come early', soon, async t => {
    const stream = session.request({ ':path': '/v1/hints' })
    const [hints] = (await Promise.race([once(stream, 'headers'), once(stream, 'response')])) as [IncomingHttpHeaders]
    t.match(hints, { ':status': 103, link: '</a.css>; rel=preload' })
    t.equal((await answerOf(stream)).status, 200)
  })

  await t.test('trailers come behind the body', soon, async t => {
    const stream = session.request({ ':path': '/v1/trailers' })
    const trailers = once(stream, 'trailers')
    t.match(await answerOf(stream), { status: 200, body: 'whole' })
    t.match((await trailers)[0], { 'x-sum': 'abc' })
  })

  await t.test('half an answer does not look whole', soon, async t => {
    const stream = session.request({ ':path': '/v1/broken' })
    await t.rejects(answerOf(stream))
    t.not(stream.rstCode, 0)
  })

  await t.test('a body that is waited for, and one that breaks off', soon, async t => {
    const asked = session.request({ ':method': 'POST', ':path': '/v1/things', expect: '100-continue' })
    await once(asked, 'continue')
    asked.end('hello')
    t.match(JSON.parse((await answerOf(asked)).body), { bytes: 5, headers: { 'transfer-encoding': 'chunked' } })
    const before = replica.seen.length
    const cut = await beginUpload(gateway.port, '/v1/things', 'half of it')
    await eventually(() => replica.seen.length > before)
    const half = last()
    cut.reset()
    await eventually(() => half?.destroyed)
    t.notOk(half?.complete, 'the replica knows that it is not all')
  })

  await t.test('an upload goes no faster than the replica reads', soon, async t => {
    const total = 32 * mebibyte
    const stream = session.request({ ':method': 'POST', ':path': '/v1/slow' })
    let sent = 0
    const send = () => {
      while (sent < total) {
        sent += chunk.length
        if (!stream.write(chunk)) return
      }
      stream.end()
    }
    stream.on('drain', send)
    send()
    await standstill(() => sent)
    t.ok(sent < total / 2, `${sent} bytes left while nobody read`)
    replica.go()
    t.match(JSON.parse((await answerOf(stream)).body), { bytes: total })
  })

  await t.test('who does not read is not written to, and who leaves ends the work', soon, async t => {
    const stream = session.request({ ':path': '/v1/endless' })
    stream.on('error', () => {})
    await once(stream, 'response')
    await standstill(() => replica.moved.written)
    t.ok(replica.moved.written < 32 * mebibyte, `${replica.moved.written} bytes`)
    const working = last()
    stream.close(8)
    await eventually(() => working?.socket.destroyed)
    t.pass('the replica was told')
  })

  await t.test('an event stream comes unbuffered, and ends with its reader', soon, async t => {
    const stream = session.request({ ':path': '/v1/events' })
    t.equal(String((await once(stream, 'data'))[0]), 'data: first\n\n')
    const working = last()
    stream.on('error', () => {}).close(8)
    await eventually(() => working?.socket.destroyed)
    t.pass('the replica was told')
  })

  await t.test('HTTP/1.1 beside it: sockets, other upgrades, slowness', soon, async t => {
    const sockets = new WebSocketServer({ server: replica.server })
    t.after(() => sockets.close())
    sockets.on('connection', socket => socket.on('message', data => socket.send(String(data))))
    const socket = new WebSocket(`${url.replace('https', 'wss')}/v1/socket`, { rejectUnauthorized: false })
    await once(socket, 'open')
    socket.send('hello')
    t.equal(String((await once(socket, 'message'))[0]), 'hello')
    socket.terminate()
    const head = 'GET /v1/plain HTTP/1.1\r\nHost: x\r\n'
    t.match(await overTls(gateway.port, `${head}Connection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n`), /^HTTP\/1.1 200 /)
    t.match(await overTls(gateway.port, head), /^HTTP\/1.1 408 /, 'a head that does not end')
  })

  await t.test(
    'on the way out it answers what is under way, ends what stays open, and stops in time',
    soon,
    async t => {
      const events = session.request({ ':path': '/v1/events' })
      events.on('error', () => {})
      await once(events, 'data')
      const others = await request(`${url}/v1/events`, { dispatcher: insecure })
      others.body.on('error', () => {}).resume()
      const ended = Promise.all([events, others.body].map(body => new Promise(resolve => body.once('close', resolve))))
      const idle = await request(`${url}/v1/plain`, { dispatcher: insecure })
      await idle.body.dump()
      const beganAt = performance.now()
      gateway.process.kill('SIGTERM')
      const exit = await gateway.process.exited
      t.equal(exit.code, 0)
      t.ok(performance.now() - beganAt < 2_000, `${performance.now() - beganAt} ms`)
      await ended
    },
  )
})

/** Waits until nothing has moved for a while. */
async function standstill(count: () => number): Promise<void> {
  let before = -1
  await eventually(
    () => {
      const stands = count() === before && before > 0
      before = count()
      return stands
    },
    { everyMs: 100, withinMs: 10_000 },
  )
}

function overTls(port: number, bytes: string): Promise<string> {
  return new Promise(resolve => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => socket.write(bytes))
    let received = ''
    socket.setEncoding('latin1').on('data', text => {
      received += text
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(received))
  })
}
