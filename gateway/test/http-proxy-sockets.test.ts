import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { eventually, stopwatch } from '@portico/testkit'
import { test } from 'tap'
import { request } from 'undici'
import { checkFacts, echo, type Fact } from './support/facts.ts'
import { raw, statusOf } from './support/raw.ts'

// What goes wrong between sockets in `@fastify/http-proxy` left alone, and what happens here. The rest of the facts is
// in http-proxy-facts.test.ts.

const never = () => {}
const handshake = (path: string, ...fields: string[]) =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
  `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${fields.map(field => `${field}\r\n`).join('')}\r\n`
const agreed =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\nX-From-Replica: 1\r\n\r\n'

/** A client's socket that keeps what it hears. */
function talk(port: number, bytes: string): { socket: Socket; heard: () => string } {
  const socket = connect(port, '127.0.0.1')
  let heard = ''
  socket.on('data', chunk => {
    heard += chunk.toString('latin1')
  })
  socket.on('error', never)
  if (bytes !== '') socket.write(bytes)
  return { socket, heard: () => heard }
}

const sockets: Fact[] = [
  {
    leftAlone: 'the client has its 101 before the replica was asked',
    here: 'a 101 is told only after the replica’s own, with its fields; a refusal is passed on',
    routes: [{ url: '/v1/socket', policy: { flow: 'websocket' } }],
    replicas: [never],
    async check(t, { port, replicas: [replica] }) {
      const asked = once(replica?.server ?? process, 'upgrade')
      const client = talk(port, handshake('/v1/socket', 'Sec-WebSocket-Protocol: chat'))
      const [, socket] = (await asked) as [unknown, Duplex]
      await new Promise(resolve => setTimeout(resolve, 100))
      t.equal(client.heard(), '', 'nothing is said before')
      socket.write(agreed)
      await eventually(() => client.heard().includes('\r\n\r\n'))
      t.match(client.heard(), /^HTTP\/1\.1 101 /)
      t.match(client.heard(), /\r\nsec-websocket-protocol: chat\r\n/i)
      t.match(client.heard(), /\r\nx-from-replica: 1\r\n/i)
      client.socket.destroy()
      socket.resume()
      await once(socket, 'end')
      socket.destroy()

      replica?.server.once('upgrade', (_, refusing: Duplex) =>
        refusing.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno'),
      )
      const refused = await raw(port, handshake('/v1/socket'))
      t.equal(statusOf(refused), 403)
      t.match(refused, /\r\n\r\nno$/)
    },
  },
  {
    leftAlone: 'of the handshake’s fields only the cookie goes on',
    here: 'the fields of a handshake go on as those of any request, cookies and credentials exchanged here',
    routes: [{ url: '/v1/fields', policy: { flow: 'websocket' } }],
    replicas: [never],
    async check(t, { port, replicas: [replica] }) {
      const asked = once(replica?.server ?? process, 'upgrade')
      const fields = [
        'X-Mine: 1',
        'Sec-WebSocket-Extensions: permessage-deflate',
        'Cookie: theme=dark',
        'Origin: http://x',
      ]
      const client = talk(port, handshake('/v1/fields?room=1', ...fields, 'X-Forwarded-For: 6.6.6.6'))
      const [{ headers, url }, socket] = await asked
      t.equal(url, '/v1/fields?room=1')
      t.match(headers, {
        'x-mine': '1',
        'sec-websocket-extensions': 'permessage-deflate',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        origin: 'http://x',
        'x-forwarded-for': '127.0.0.1',
      })
      t.equal(headers.cookie, undefined)
      client.socket.destroy()
      socket.destroy()
    },
  },
  {
    leftAlone: 'a socket has no back-pressure',
    here: 'who does not read a socket is not written to, in either direction',
    routes: [{ url: '/v1/pressure', policy: { flow: 'websocket' } }],
    replicas: [never],
    async check(t, { port, gateway, replicas: [replica] }) {
      const asked = once(replica?.server ?? process, 'upgrade')
      const client = talk(port, handshake('/v1/pressure'))
      const [, socket] = (await asked) as [unknown, Duplex]
      socket.write(agreed)
      await eventually(() => client.heard().includes('\r\n\r\n'))
      client.socket.pause()
      const sentDown = await fill(socket)
      const sentUp = await fill(client.socket)
      // What the kernel's buffers of two connections take, and a little of the gateway's own; never all of it.
      t.ok(sentDown < most, `${sentDown} bytes went down before it stopped`)
      t.ok(sentUp < most, `${sentUp} bytes went up before it stopped`)
      t.equal((await request(`${gateway.url}/healthz`)).statusCode, 200)
      client.socket.destroy()
      socket.destroy()
    },
  },
]

const most = 64 * 1_024 * 1_024

/** Writes until nothing is taken for a while, or far too much was. */
async function fill(socket: Duplex): Promise<number> {
  const chunk = Buffer.alloc(256 * 1_024)
  let sent = 0
  while (sent < most) {
    sent += chunk.length
    if (socket.write(chunk)) continue
    const drained = once(socket, 'drain').then(() => true)
    const stuck = new Promise<false>(resolve => setTimeout(resolve, 400, false))
    if (!(await Promise.race([drained, stuck]))) break
  }
  return sent
}

const slowness: Fact[] = [
  {
    leftAlone: 'the replica closes an idle connection in the moment it is used',
    here: 'the gateway lets go of an idle connection long before the replica does',
    routes: [{ url: '/v1/idle' }],
    replicas: [(_, response) => setTimeout(() => response.end('ok'), 50)],
    async check(t, { url, replicas: [replica] }) {
      const one = () => request(`${url}/v1/idle`).then(({ body }) => body.text())
      await Promise.all(Array.from({ length: 6 }, one))
      const used = new Set(replica?.seen.map(({ socket }) => socket))
      t.ok(used.size > 2)
      let closedByGateway = 0
      for (const socket of used) socket.once('end', () => (closedByGateway += 1))
      // One or two go on with the probes of its health.
      await eventually(() => closedByGateway >= used.size - 2, { everyMs: 100 })
    },
  },
  {
    leftAlone: 'a request that meets a closing connection fails',
    here: 'a read that meets a closing connection is sent again',
    routes: [{ url: '/v1/race' }],
    replicas: [0, 1].map(() => (_, response) => response.end('ok', () => response.socket?.end())),
    async check(t, { url }) {
      const counts: Record<string, number> = {}
      for (let round = 0; round < 100; round += 1) {
        const { statusCode, body } = await request(`${url}/v1/race`)
        await body.dump()
        counts[statusCode] = (counts[statusCode] ?? 0) + 1
      }
      t.same(counts, { 200: 100 })
    },
  },
  {
    leftAlone: 'a body that trickles in holds its connection for minutes',
    here: 'a body that is slower than its route’s deadline gets 408, and is no failure of the replica',
    routes: [{ method: 'POST', url: '/v1/trickle', policy: { deadlineMs: 700 } }],
    replicas: [echo],
    async check(t, { port, url }) {
      using tookMs = stopwatch()
      const client = talk(port, 'POST /v1/trickle HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n')
      const timer = setInterval(() => client.socket.write('x'), 100)
      t.teardown(() => clearInterval(timer))
      await once(client.socket, 'close')
      t.equal(statusOf(client.heard()), 408)
      t.ok(tookMs() < 5_000)
      const next = await request(`${url}/v1/trickle`, { method: 'POST', body: 'quick' })
      t.equal(next.statusCode, 200)
      await next.body.dump()
    },
  },
  {
    leftAlone: 'silent sockets and slow heads stay open for minutes',
    here: 'a socket that says nothing, or its head too slowly, is closed within the head’s time',
    routes: [{ url: '/v1/any' }],
    replicas: [echo],
    async check(t, { port, replicas: [replica] }) {
      using tookMs = stopwatch()
      const clients = [talk(port, ''), talk(port, 'GET /v1/any HTTP/1.1\r\nHost: x\r\nX-A: '), talk(port, 'GE')]
      await Promise.all(clients.map(({ socket }) => once(socket, 'close')))
      t.ok(tookMs() < 4_000)
      t.match(clients[1]?.heard(), /^HTTP\/1\.1 408 /)
      t.equal(replica?.seen.length, 0)
    },
  },
]

const framing: Fact[] = [
  {
    leftAlone: 'what Node’s parser lets through reaches the service',
    here: 'what two servers could read in two ways is refused, and the service never hears of it',
    routes: [{ url: '/v1/read' }, { method: 'POST', url: '/v1/read' }],
    replicas: [echo],
    async check(t, { port, replicas: [replica] }) {
      const cases: [name: string, bytes: string, status: number][] = [
        ['Host twice', 'GET /v1/read HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n', 400],
        ['the same Host twice', 'GET /v1/read HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n', 400],
        ['a target that names another host', 'GET http://y/v1/read HTTP/1.1\r\nHost: x\r\n\r\n', 400],
        ['1.0 with chunks', 'POST /v1/read HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n', 400],
        ['0.9', 'GET /v1/read\r\n\r\n', 505],
        [
          'another expectation',
          'POST /v1/read HTTP/1.1\r\nHost: x\r\nExpect: y 100-continue\r\nContent-Length: 0\r\n\r\n',
          417,
        ],
      ]
      for (const [name, bytes, status] of cases) t.equal(statusOf(await raw(port, bytes)), status, name)
      t.equal(replica?.seen.length, 0)
      t.equal(
        statusOf(await raw(port, 'GET http://x/v1/read HTTP/1.1\r\nHost: x\r\n\r\n')),
        200,
        'the same host is one',
      )
    },
  },
]

test('sockets: http-proxy left alone, and here', t =>
  checkFacts(t, [...slowness, ...sockets, ...framing], { HEADERS_TIMEOUT_MS: '800' }))
