import { once } from 'node:events'
import { createServer } from 'node:net'
import { freePort } from '@portico/testkit'
import t from 'tap'

t.test('a free port can be listened on', async t => {
  const port = await freePort()
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  server.close()
  t.ok(port > 1_023)
})

t.test('each is another one, and none that the kernel would give to others', async t => {
  const ports = await Promise.all(Array.from({ length: 200 }, freePort))
  t.equal(new Set(ports).size, ports.length)
  const listening = createServer().listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const address = listening.address()
  listening.close()
  const others = address !== null && typeof address === 'object' ? address.port : 0
  t.ok(
    ports.every(port => port < others),
    `${Math.max(...ports)} is below ${others}`,
  )
})
