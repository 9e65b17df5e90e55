import { AckPolicy, jetstreamManager } from '@nats-io/jetstream'
import { trace } from '@opentelemetry/api'
import type { Announcement } from '@portico/contracts'
import { CachePurge, defineBroadcast } from '@portico/contracts'
import { createTelemetry, silentTelemetry, withSpan } from '@portico/telemetry'
import { eventually, stopwatch, testNats } from '@portico/testkit'
import t from 'tap'
import { Type } from 'typebox'
import { type Bus, connectBus, InvalidPayload } from '../src/index.ts'
import type { Scope } from './house.ts'

const Rang = defineBroadcast('broadcast.tower.rang', Type.Object({ times: Type.Integer() }), { description: 'A bell' })

async function openBus(t: Scope, url: string, name: string): Promise<Bus> {
  const bus = await connectBus({ servers: url, name, telemetry: silentTelemetry() })
  t.after(() => bus.close())
  return bus
}
const soon = () => AbortSignal.timeout(5_000)

function announcementOf(service: string): Announcement {
  return {
    service,
    instance: `${service}-1`,
    address: 'http://127.0.0.1:1',
    version: '1',
    contractDigest: 'a'.repeat(64),
    startedAt: new Date().toISOString(),
    zone: '',
    weight: 1,
    inFlight: 0,
    utilisation: 0,
    draining: false,
  }
}

t.test('what a stream says in somebody’s name is not believed', async t => {
  const nats = await testNats(t)
  const [forger, hearer] = await Promise.all([openBus(t, nats.url, 'a'), openBus(t, nats.url, 'b')])
  const heard: number[] = []
  hearer.listen(Rang, ({ times }) => {
    heard.push(times)
  })
  await Promise.all([forger.whenConnected(soon()), hearer.whenConnected(soon())])
  await hearer.current()?.flush()
  const client = forger.current()
  if (!client) throw new Error('not connected')
  const manager = await jetstreamManager(client)
  const forged = JSON.stringify({ times: 666 })

  await manager.streams.add({ name: 'OWN', subjects: ['own'], republish: { src: 'own', dest: Rang.subject } })
  await client.request('own', forged)
  await manager.consumers.add('OWN', { deliver_subject: Rang.subject, ack_policy: AckPolicy.None })
  await client.request('own', forged)
  const seen = client.subscribe(Rang.subject, { max: 1 })
  await client.flush()
  await client.request('own', forged)
  for await (const message of seen) t.equal(message.string(), forged, 'it does arrive')

  await client.flush()
  forger.broadcast(Rang, { times: 1 })
  await eventually(() => heard.includes(1))
  t.same(heard, [1])
})

t.test('whoever listens hears, also after NATS was gone, and nobody else', async t => {
  const nats = await testNats(t)
  const [speaker, hearer] = await Promise.all([openBus(t, nats.url, 'a'), openBus(t, nats.url, 'b')])
  const heard: number[] = []
  const stop = hearer.listen(Rang, ({ times }, origin) => {
    t.same(origin, { subject: 'broadcast.tower.rang', service: 'tower' })
    heard.push(times)
  })
  await Promise.all([speaker.whenConnected(soon()), hearer.whenConnected(soon())])
  await hearer.current()?.flush()
  speaker.broadcast(Rang, { times: 1 })
  await eventually(() => heard.includes(1))

  await nats.kill()
  await eventually(() => !speaker.isConnected() && !hearer.isConnected())
  speaker.broadcast(Rang, { times: 2 })
  await nats.start()
  await eventually(() => speaker.isConnected() && hearer.isConnected())
  speaker.broadcast(Rang, { times: 3 })
  await eventually(() => heard.includes(3))
  t.same(heard, [1, 3], 'what was said into the void is gone')

  stop()
  speaker.broadcast(Rang, { times: 4 })
  await speaker.current()?.flush()
  await hearer.current()?.flush()
  t.same(heard, [1, 3])
})

t.test('a listener may come before the connection, and may listen to every service', async t => {
  const nats = await testNats(t)
  await nats.kill()
  const bus = await openBus(t, nats.url, 'a')
  const heard: string[] = []
  const everyPurge = defineBroadcast('broadcast.*.cache_purged', CachePurge, { description: 'Drop what is kept' })
  bus.listen(everyPurge, ({ tags }, { service }) => void heard.push(`${service}: ${tags}`))
  const statuses: boolean[] = []
  bus.onStatus(connected => statuses.push(connected))
  await nats.start()
  await bus.whenConnected(soon())
  bus.broadcast({ ...everyPurge, subject: 'broadcast.content.cache_purged' }, { tags: ['post:1'] })
  await eventually(() => heard.length > 0)
  t.same(heard, ['content: post:1'])
  t.same(statuses, [true])
})

t.test('what does not fit its contract is not said, and not taken in', async t => {
  const nats = await testNats(t)
  const bus = await openBus(t, nats.url, 'a')
  const heard: unknown[] = []
  bus.listen(Rang, payload => void heard.push(payload))
  const client = await bus.whenConnected(soon())
  t.throws(() => bus.broadcast(Rang, { times: 1.5 }), InvalidPayload)
  client.publish(Rang.subject, '{"times":"many"}')
  client.publish(Rang.subject, 'not JSON')
  client.publish(Rang.subject, '{"times":2,"louder":true}')
  await eventually(() => heard.length > 0)
  t.same(heard, [{ times: 2, louder: true }], 'readers are tolerant')
})

t.test('an announcement is believed only where its service alone may speak', async t => {
  const nats = await testNats(t)
  const bus = await openBus(t, nats.url, 'a')
  const heard: string[] = []
  bus.onAnnouncement(({ service }) => void heard.push(service))
  const client = await bus.whenConnected(soon())
  client.publish('announce.thief', JSON.stringify(announcementOf('user')))
  bus.announce(announcementOf('content'))
  await eventually(() => heard.length > 0)
  t.same(heard, ['content'])
})

t.test('a broadcast carries its trace', async t => {
  const nats = await testNats(t)
  const bus = await openBus(t, nats.url, 'a')
  const traces: (string | undefined)[] = []
  bus.listen(Rang, () => void traces.push(trace.getActiveSpan()?.spanContext().traceId))
  await bus.whenConnected(soon())
  const telemetry = createTelemetry({ service: 'x', instance: 'x', version: '0', logLevel: 'silent' })
  const traceId = await withSpan(telemetry.tracer, 'ring', {}, span => {
    bus.broadcast(Rang, { times: 1 })
    return span.spanContext().traceId
  })
  bus.broadcast(Rang, { times: 2 })
  await eventually(() => traces.length === 2)
  t.same(traces, [traceId, undefined])
})

t.test('a bus closes at once, though NATS was never there', async t => {
  const nats = await testNats(t)
  await nats.kill()
  const bus = await connectBus({ servers: nats.url, name: 'a', telemetry: silentTelemetry() })
  using tookMs = stopwatch()
  await bus.close()
  t.ok(tookMs() < 2_500)
  await t.rejects(bus.whenConnected(AbortSignal.timeout(50)))
})
