import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'tap'
import { request } from 'undici'
import { startGateway } from './support/gateway.ts'
import { bodyOf, json, stubReplica } from './support/stub-service.ts'

/** Opens a connection, writes a piece every 100 ms, and tells what came back until it was closed, and when. */
async function dribble(port: number, first: string, piece: string | null, withinMs: number) {
  const beganAt = performance.now()
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.on('data', chunk => {
    received += chunk.toString('latin1')
  })
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(first)
  // Not by `once`: who writes on into a connection that was closed may hear of a reset first.
  const closed = new Promise<true>(resolve => socket.once('close', () => resolve(true)))
  while (performance.now() - beganAt < withinMs) {
    if (await Promise.race([closed, pause(100, false)])) break
    if (piece !== null && socket.writable) socket.write(piece)
  }
  const stayed = !socket.destroyed
  socket.destroy()
  return { received, stayed, tookMs: performance.now() - beganAt }
}

test('who is slow is cut off, and bystanders do not notice', async t => {
  const replica = await stubReplica(t, {
    service: 'things',
    routes: [
      { url: '/v1/things/:id' },
      { method: 'POST', url: '/v1/things', policy: { bodyLimitBytes: 10_000, deadlineMs: 1_500 } },
    ],
    answer: async (incoming, response) => {
      await bodyOf(incoming)
      json(response, {})
    },
  })
  const gateway = await startGateway(t, {
    UPSTREAMS: `things=${replica.address}`,
    HEADERS_TIMEOUT_MS: '1000',
    CONNECTIONS_PER_ADDRESS: '50',
    RATE_LIMIT: 'off',
  })
  const { port, url } = gateway

  await t.test('headers that never end, bodies that never end, silence', async t => {
    const head = 'GET /v1/things/1 HTTP/1.1\r\nHost: x\r\n'
    const post = 'POST /v1/things HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n'
    const chunked = 'POST /v1/things HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
    const [headers, body, chunks, silent] = await Promise.all([
      dribble(port, head, 'X-A: b\r\n', 10_000),
      dribble(port, post, 'x', 10_000),
      dribble(port, chunked, '1\r\nx\r\n', 10_000),
      dribble(port, '', null, 10_000),
    ])
    t.notOk(headers.stayed, `headers: closed after ${headers.tookMs} ms`)
    t.match(headers.received, /^HTTP\/1.1 408 .*request_timeout/s)
    t.notOk(body.stayed, `body: closed after ${body.tookMs} ms`)
    t.match(body.received, /^HTTP\/1.1 408 /)
    t.notOk(chunks.stayed, `chunks: closed after ${chunks.tookMs} ms`)
    t.match(chunks.received, /^HTTP\/1.1 408 /)
    t.notOk(silent.stayed, `silence: closed after ${silent.tookMs} ms`)
  })

  await t.test('one address has only so many connections', async t => {
    const sockets: Socket[] = []
    let refused = 0
    for (let index = 0; index < 70; index += 1) {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.on('close', () => {
        refused += 1
      })
      sockets.push(socket)
      await once(socket, 'connect')
    }
    await pause(300)
    t.ok(refused >= 15, `${refused} were refused`)
    for (const socket of sockets) socket.destroy()
    await pause(100)
    const answer = await request(`${url}/v1/things/1`)
    t.equal(answer.statusCode, 200)
    await answer.body.dump()
  })
})
