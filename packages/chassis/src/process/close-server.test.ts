import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { eventually } from '@portico/testkit'
import t, { type Test } from 'tap'
import { prepareClose } from './close-server.ts'

const request = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'

async function start(t: Test, listener: RequestListener) {
  const server = createServer(listener)
  // As Fastify does it.
  const close = async () => {
    server.closeIdleConnections()
    await new Promise(resolve => server.close(resolve))
  }
  const closeServer = prepareClose({ server, close })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.closeAllConnections())
  return { server, closeServer, port: (server.address() as AddressInfo).port }
}

/** Everything that comes until the other side ends. */
async function read(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of socket) parts.push(part)
  return Buffer.concat(parts)
}

t.test('an answer that its reader has not read yet is not cut off', async t => {
  const body = Buffer.alloc(20_000_000)
  const { server, closeServer, port } = await start(t, (_request, response) => void response.end(body))
  const socket = connect(port, '127.0.0.1')
  socket.write(request)
  await once(server, 'request')
  const swept = Promise.withResolvers<void>()
  const sweep = server.closeIdleConnections.bind(server)
  server.closeIdleConnections = () => {
    sweep()
    swept.resolve()
  }
  const closed = closeServer(10_000)
  await swept.promise
  const answer = await read(socket)
  t.equal(answer.length - answer.indexOf('\r\n\r\n') - 4, body.length)
  await closed
})

t.test('a connection accepted just before is answered', async t => {
  const { server, closeServer, port } = await start(t, (_request, response) => void response.end('here'))
  const socket = connect(port, '127.0.0.1')
  await once(server, 'connection')
  const closed = closeServer(10_000)
  socket.write(request)
  t.match((await read(socket)).toString(), /here$/)
  await closed
})

t.test('an idle connection is closed, or stays for as long as it may', async t => {
  const { closeServer, port } = await start(t, (_request, response) => void response.end('here'))
  const socket = connect(port, '127.0.0.1')
  socket.write(request)
  await once(socket, 'data')
  let spares = true
  let asked = 0
  const closed = closeServer(10_000, () => {
    asked += 1
    return spares
  })
  await eventually(() => asked >= 2)
  socket.write(request)
  const [part] = await once(socket, 'data')
  t.match(String(part), /here$/)
  spares = false
  await read(socket)
  await closed
})
