import { connect } from 'node:net'
import { test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { eventually, startFront, startReplica } from '../../test/forward-harness.ts'

test('a WebSocket is joined after the replica has agreed', async t => {
  const replica = await startReplica(t, (_, response) => response.writeHead(404).end('no'))
  const server = new WebSocketServer({ noServer: true, handleProtocols: () => 'chat.v2' })
  replica.server.on('upgrade', (request, socket, head) => {
    if (request.url !== '/chat') socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nX-Why: because\r\n\r\nnope')
    else
      server.handleUpgrade(request, socket, head, ws => ws.on('message', (data, binary) => ws.send(data, { binary })))
  })
  const front = await startFront(t)
  front.add(replica.port)

  const client = new WebSocket(`ws://127.0.0.1:${front.port}/chat`, ['chat.v1', 'chat.v2'])
  await new Promise(resolve => client.once('open', resolve))
  t.equal(client.protocol, 'chat.v2', 'the replica chose the protocol')
  for (const message of ['hello', 'x'.repeat(1_000_000)]) {
    client.send(message)
    const echoed = await new Promise(resolve => client.once('message', data => resolve(data.toString())))
    t.equal(echoed, message)
  }
  t.match(front.upstream.snapshot().replicas[0], { inFlight: 0, requests: 1, failures: 0 })
  client.close(1000)
  t.equal(await new Promise(resolve => client.once('close', resolve)), 1000)

  const refused = new WebSocket(`ws://127.0.0.1:${front.port}/other`)
  const answer = await new Promise<{ statusCode?: number; headers: Record<string, unknown> }>(resolve =>
    refused.once('unexpected-response', (_, response) => resolve(response as never)),
  )
  t.equal(answer.statusCode, 403)
  t.equal(answer.headers['x-why'], 'because')
  refused.on('error', () => {})
  refused.terminate()
})

test('who does not read is not written to', async t => {
  let written = 0
  const replica = await startReplica(t, () => {})
  replica.server.on('upgrade', (_, socket) => {
    socket.on('error', () => {})
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    const chunk = Buffer.alloc(64 * 1024)
    const write = () => {
      while (written < 200e6) {
        written += chunk.length
        if (!socket.write(chunk)) break
      }
    }
    socket.on('drain', write)
    write()
  })
  const front = await startFront(t)
  front.add(replica.port)
  const socket = connect(front.port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  await new Promise(resolve => socket.once('data', resolve))
  socket.pause()
  let before = -1
  t.ok(
    await eventually(() => {
      const stands = before === written
      before = written
      return stands
    }),
  )
  t.ok(written < 30e6, `${written}`)
  socket.destroy()
})

test('nobody there: a problem, and the socket is closed', async t => {
  const front = await startFront(t)
  const answer = await new Promise<string>(resolve => {
    let all = ''
    const socket = connect(front.port, '127.0.0.1')
    socket.setEncoding('latin1')
    socket.on('data', chunk => {
      all += chunk
    })
    socket.on('close', () => resolve(all))
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  })
  t.match(answer, /^HTTP\/1.1 503 .*application\/problem\+json.*"traceId":"[0-9a-f]{32}"/s)
})
