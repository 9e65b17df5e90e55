import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { type Test, test } from 'tap'
import { listen } from '../../test/forward-harness.ts'
import type { Call, Control } from './call.ts'
import { Connections, type ConnectionsOptions } from './connections.ts'

/** A replica that is a bare socket: it says what the test makes it say. */
async function startReplica(t: Test, onRequest: (socket: Socket, text: string) => void) {
  const sockets: Socket[] = []
  const server: Server = createServer(socket => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', bytes => onRequest(socket, bytes.toString('latin1')))
  })
  const port = await listen(server)
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port, sockets, server }
}

function open(t: Test, port: number, options: ConnectionsOptions = {}): Connections {
  const connections = new Connections(`http://127.0.0.1:${port}`, options)
  t.teardown(() => connections.destroy())
  return connections
}

/** Sends and waits for the end, whichever it is. */
function ask(connections: Connections, more: Partial<Call> = {}) {
  const answer = { status: 0, body: '', error: null as NodeJS.ErrnoException | null, sent: false }
  let control: Control | null = null
  const done = new Promise<typeof answer>(resolve => {
    connections.send({
      method: 'GET',
      path: '/',
      headers: [],
      body: null,
      fresh: false,
      onTaken: taken => {
        control = taken
      },
      onSent: () => {
        answer.sent = true
      },
      onInformation() {},
      onHead: status => {
        answer.status = status
      },
      onData: chunk => {
        answer.body += chunk.toString('latin1')
      },
      onEnd: () => resolve(answer),
      onError: error => resolve({ ...answer, error }),
      ...more,
    })
  })
  return { done, control: () => control as unknown as Control }
}

const hello = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'

test('one connection serves one request after the other, several serve several at a time', async t => {
  const replica = await startReplica(t, socket => socket.write(hello))
  const connections = open(t, replica.port)
  for (let count = 0; count < 3; count += 1) t.match(await ask(connections).done, { status: 200, body: 'hello' })
  t.equal(replica.sockets.length, 1)
  await Promise.all([ask(connections).done, ask(connections).done, ask(connections).done])
  t.equal(replica.sockets.length, 3)
})

test('who asks for a fresh connection gets one, and it is said of each whether it was used', async t => {
  const replica = await startReplica(t, socket => socket.write(hello))
  const connections = open(t, replica.port)
  const used: boolean[] = []
  const onTaken = (_control: Control, isUsed: boolean) => void used.push(isUsed)
  for (const fresh of [false, false, true, false]) await ask(connections, { fresh, onTaken }).done
  t.same(used, [false, true, false, true])
  t.equal(replica.sockets.length, 2)
})

test('a body goes with its head, small or large, and half of it taken is no reason to use the connection again', async t => {
  let text = ''
  const replica = await startReplica(t, (socket, part) => {
    text += part
    if (text.endsWith('end')) socket.write(hello)
    if (text.startsWith('PUT') && part.length === text.length) {
      socket.pause()
      socket.write(hello)
    }
  })
  const connections = open(t, replica.port)
  for (const body of ['end', `${'x'.repeat(300_000)}end`]) {
    text = ''
    t.match(await ask(connections, { method: 'POST', body: Buffer.from(body) }).done, { status: 200 })
    t.equal(text.slice(text.indexOf('\r\n\r\n') + 4), body)
  }
  text = ''
  t.match(await ask(connections, { method: 'PUT', body: Buffer.alloc(30_000_000) }).done, { status: 200 })
  await closed(t, connections)
})

test('a connection waits for work no longer than it may, and a second less than the replica promises', async t => {
  let keepAlive = ''
  const replica = await startReplica(t, socket =>
    socket.write(`HTTP/1.1 200 OK\r\n${keepAlive}Content-Length: 0\r\n\r\n`),
  )
  let nowMs = 0
  const connections = open(t, replica.port, { clock: () => nowMs, idleMs: 4_000 })
  const socketsAfter = async (elapsedMs: number) => {
    nowMs += elapsedMs
    await ask(connections).done
    return replica.sockets.length
  }
  t.equal(await socketsAfter(0), 1)
  t.equal(await socketsAfter(3_999), 1)
  t.equal(await socketsAfter(4_000), 2)
  keepAlive = 'Keep-Alive: timeout=2\r\n'
  await socketsAfter(0)
  t.equal(await socketsAfter(999), 2)
  t.equal(await socketsAfter(1_000), 3)
  keepAlive = 'Connection: close\r\n'
  await socketsAfter(0)
  t.equal(await socketsAfter(0), 4)
})

test('a replica that closes an idle connection, or speaks unasked, is called anew', async t => {
  const replica = await startReplica(t, socket => socket.write(hello))
  const connections = open(t, replica.port)
  await ask(connections).done
  replica.sockets[0]?.end()
  await closed(t, connections)
  t.match(await ask(connections).done, { status: 200 })
  replica.sockets[1]?.write(hello)
  await closed(t, connections)
  t.match(await ask(connections).done, { status: 200, body: 'hello' })
  t.equal(replica.sockets.length, 3)
})

test('failures say whether anything was sent', async t => {
  const replica = await startReplica(t, (socket, text) => {
    if (text.startsWith('GET /reset')) socket.resetAndDestroy()
    else if (text.startsWith('GET /half')) socket.end(hello.slice(0, -1))
    else if (text.startsWith('GET /wrong')) socket.write('nonsense\r\n\r\n')
    else socket.end()
  })
  const connections = open(t, replica.port)
  t.match(await ask(connections, { path: '/reset' }).done, { error: { code: 'ECONNRESET' }, sent: true })
  t.match(await ask(connections, { path: '/half' }).done, { error: { code: 'ANSWER_BROKE_OFF' }, body: 'hell' })
  t.match(await ask(connections, { path: '/wrong' }).done, { error: { code: 'BAD_ANSWER' }, sent: true })
  t.match(await ask(connections, { path: '/nothing' }).done, { error: { code: 'ANSWER_BROKE_OFF' }, sent: true })
  t.match(await ask(connections, { headers: ['x-a', 'b\n'] }).done, {
    error: { code: 'BAD_REQUEST_FIELD' },
    sent: false,
  })
  replica.server.close()
  for (const socket of replica.sockets) socket.destroy()
  await closed(t, connections)
  t.match(await ask(connections).done, { error: { code: 'ECONNREFUSED', syscall: 'connect' }, sent: false })
})

test('a connection that does not open is given up', async t => {
  // It takes the connection and never answers the handshake of TLS.
  const replica = await startReplica(t, () => {})
  const connections = new Connections(`https://127.0.0.1:${replica.port}`, { connectTimeoutMs: 50 })
  t.teardown(() => connections.destroy())
  t.match(await ask(connections).done, { error: { code: 'CONNECT_TIMEOUT' }, sent: false })
  await closed(t, connections)
})

test('an answer that is not wanted costs its connection, before and after the head', async t => {
  const replica = await startReplica(t, (socket, text) => {
    if (text.startsWith('GET /head')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello')
  })
  const connections = open(t, replica.port)
  for (const path of ['/silent', '/head']) {
    let told = 0
    const headCame = Promise.withResolvers<void>()
    const { control } = ask(connections, {
      path,
      onSent: () => path === '/silent' && headCame.resolve(),
      onData: () => headCame.resolve(),
      onEnd: () => {
        told += 1
      },
      onError: () => {
        told += 1
      },
    })
    await headCame.promise
    control().abort()
    await closed(t, connections)
    t.equal(told, 0, 'who gives up is told nothing more')
  }
})

test('a reader that pauses is sent no more than was read already', async t => {
  const megabytes = 8
  const replica = await startReplica(t, socket => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${megabytes * 1_048_576}\r\n\r\n`)
    for (let count = 0; count < megabytes; count += 1) socket.write(Buffer.alloc(1_048_576))
  })
  const connections = open(t, replica.port)
  let bytes = 0
  const { done, control } = ask(connections, {
    onData: chunk => {
      bytes += chunk.length
      control().pause()
    },
  })
  while (bytes === 0) await pause(1)
  await pause(50)
  t.ok(bytes <= 65_536, 'one read and no more')
  const pump = setInterval(() => control().resume(), 0)
  t.match(await done, { error: null, status: 200 })
  clearInterval(pump)
  t.equal(bytes, megabytes * 1_048_576)
})

test('closing waits for answers under way and opens the way for no others', async t => {
  let finish: () => void = () => {}
  const replica = await startReplica(t, (socket, text) => {
    if (text.startsWith('GET /slow')) finish = () => socket.write(hello)
    else socket.write(hello)
  })
  const connections = open(t, replica.port)
  await Promise.all([ask(connections).done, ask(connections).done])
  const slow = ask(connections, { path: '/slow' })
  await once(replica.sockets[1] as Socket, 'data')
  const over = connections.close()
  finish()
  t.match(await slow.done, { status: 200, body: 'hello' })
  await over
  t.equal(connections.size, 0)
})

async function closed(t: Test, connections: Connections): Promise<void> {
  for (let tries = 0; connections.size > 0 && tries < 500; tries += 1) await pause(5)
  t.equal(connections.size, 0, 'it is closed')
}
