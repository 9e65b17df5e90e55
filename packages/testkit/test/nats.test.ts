import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { testNats } from '@portico/testkit'
import t from 'tap'

t.test('streams outlive a kill and a stop, not a lost disk', async t => {
  const nats = await testNats(t)
  const streams = async () => {
    const connection = await connect({ servers: nats.url })
    const manager = await jetstreamManager(connection)
    const names: string[] = []
    for await (const { config } of manager.streams.list()) names.push(config.name)
    await connection.close()
    return names
  }
  const connection = await connect({ servers: nats.url, reconnect: false })
  await (await jetstreamManager(connection)).streams.add({ name: 'CONTENT', subjects: ['content.>'] })
  const before = nats.pid
  await nats.kill()
  await t.rejects(connect({ servers: nats.url, timeout: 500, reconnect: false }))
  await nats.start()
  t.not(nats.pid, before)
  t.strictSame(await streams(), ['CONTENT'])
  await nats.stop()
  await nats.start()
  t.strictSame(await streams(), ['CONTENT'])
  await nats.wipe()
  await nats.start()
  t.strictSame(await streams(), [])
})

t.test('a paused server keeps silent until it goes on', async t => {
  const nats = await testNats(t)
  const connection = await connect({ servers: nats.url })
  await nats.pause()
  const answer = connection.flush().then(() => 'answered')
  const silence = new Promise(resolve => setTimeout(() => resolve('silence'), 200))
  t.equal(await Promise.race([answer, silence]), 'silence')
  nats.resume()
  t.equal(await answer, 'answered')
  await connection.close()
})

t.test('users and permissions can be configured, and mistakes are shown', async t => {
  const nats = await testNats(t, { config: 'authorization { users: [{ user: content, password: secret }] }' })
  await t.rejects(connect({ servers: nats.url, user: 'content', pass: 'wrong', reconnect: false }))
  const connection = await connect({ servers: nats.url, user: 'content', pass: 'secret' })
  await connection.close()
  await t.rejects(testNats(t, { config: 'authorization { nonsense' }), /nats-server did not start:\n.*Parse error/)
})
