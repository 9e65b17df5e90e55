import { deepStrictEqual } from 'node:assert'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { announceSubject, defineBroadcast, defineEvent, type ServiceContract } from '@portico/contracts'
import { openDatabase } from '@portico/database'
import { silentTelemetry } from '@portico/telemetry'
import { testNats } from '@portico/testkit'
import { sql } from 'kysely'
import t from 'tap'
import { Type } from 'typebox'
import {
  type Bus,
  connectBus,
  discardDeadLetter,
  handle,
  listDeadLetters,
  natsAuthorization,
  natsPermissions,
  replayDeadLetter,
} from '../src/index.ts'
import {
  eventually,
  move,
  openTestDatabase,
  type Party,
  record,
  type Scope,
  startConsumer,
  startRelay,
  stepsOf,
  type Tables,
  ThingMoved,
} from './house.ts'

const SecretTold = defineEvent('mover.secret.told.v1', Type.Object({ id: Type.String() }), {
  description: 'Not for everybody',
  key: ({ id }) => id,
})
const Rang = defineBroadcast('broadcast.mover.rang', Type.Object({}), { description: 'A bell' })
const Knocked = defineBroadcast('broadcast.mover.knocked', Type.Object({}), { description: 'Another' })
const Spied = defineBroadcast('broadcast.watcher.spied', Type.Object({}), { description: 'Somebody looked' })

const part = (given: Pick<ServiceContract, 'name'> & Partial<ServiceContract>): ServiceContract => ({
  version: '1',
  description: '',
  operations: [],
  emits: [],
  broadcasts: [],
  listensTo: [],
  ...given,
})
const mover = part({ name: 'mover', emits: [ThingMoved, SecretTold], broadcasts: [Rang, Knocked] })
const watcher = part({ name: 'watcher', listensTo: ['mover.thing', Rang.subject], broadcasts: [Spied] })
const whos = [mover, watcher, 'gateway', 'console', 'supervisor'] as const

const config = natsAuthorization(
  whos.map(who => {
    const user = typeof who === 'string' ? who : who.name
    return { user, password: `${user}'s "word"`, permissions: natsPermissions(who) }
  }),
)

async function openAs(t: Scope, url: string, user: string): Promise<Bus> {
  const bus = await connectBus({
    servers: url,
    user,
    password: `${user}'s "word"`,
    name: user,
    telemetry: silentTelemetry(),
  })
  t.after(() => bus.close())
  await bus.whenConnected(AbortSignal.timeout(5_000))
  return bus
}

async function partyAs(t: Scope, url: string, user: string): Promise<Party> {
  const telemetry = silentTelemetry()
  const database = openDatabase<Tables>({
    url: await openTestDatabase(t, user),
    applicationName: user,
    poolSize: 8,
    telemetry,
  })
  const bus = await openAs(t, url, user)
  t.after(() => database.close())
  return { bus, database, telemetry }
}

function clientOf(bus: Bus): NatsConnection {
  const client = bus.current()
  if (!client) throw new Error('not connected')
  return client
}

/** What the server refused since, by its own words. */
function refusals(client: NatsConnection): string[] {
  const heard: string[] = []
  void (async () => {
    for await (const status of client.status()) if (status.type === 'error') heard.push(status.error.message)
  })()
  return heard
}

t.test('with its permissions alone a service does all it has to', async t => {
  const nats = await testNats(t, { config })
  const [sender, receiver] = await Promise.all([partyAs(t, nats.url, 'mover'), partyAs(t, nats.url, 'watcher')])
  const heard = [sender, receiver].map(({ bus }) => refusals(clientOf(bus)))
  startRelay(t, sender)
  let broken = true
  const consumer = startConsumer(t, receiver, {
    attempts: 2,
    backoffMs: [100],
    on: [
      handle<typeof ThingMoved.schema, Tables>(ThingMoved, async (payload, handling) => {
        if (broken && payload.step === 2) throw new Error('poison')
        await record.run(payload, handling)
      }),
    ],
  })
  let rings = 0
  receiver.bus.listen(Rang, () => void rings++)
  for (let step = 1; step <= 3; step++) await move(sender, [{ thing: 'a', step }])
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [1, 3] }), { withinMs: 20_000 })
  sender.bus.broadcast(Rang, {})
  await eventually(() => rings === 1)

  // The operators' side.
  const console = await openAs(t, nats.url, 'console')
  const announced: string[] = []
  console.onAnnouncement(({ service }) => void announced.push(service))
  const [letter] = await listDeadLetters(console)
  t.match(letter, { event: { number: 2 } })
  broken = false
  await replayDeadLetter(console, letter?.sequence ?? 0)
  await eventually(async () => deepStrictEqual(await stepsOf(receiver, 'effects'), { a: [1, 3, 2] }))
  await eventually(() => consumer.lag() === 0)
  await t.rejects(discardDeadLetter(console, 99))
  const { streams, consumers } = await jetstreamManager(clientOf(console), { checkAPI: false })
  t.same((await streams.list().next()).map(stream => stream.config.name).sort(), ['DEAD', 'MOVER'])
  t.same(
    (await consumers.list('MOVER').next()).map(({ name }) => name),
    ['watcher_mover_thing'],
  )
  t.same(heard, [[], []], 'the server refused nothing')
})

t.test('a service can neither speak for another nor read what it does not list', async t => {
  const nats = await testNats(t, { config })
  const sender = await partyAs(t, nats.url, 'mover')
  startRelay(t, sender)
  await move(sender, [{ thing: 'a', step: 1 }])
  await eventually(() => nothingWaits(sender))
  const thief = await openAs(t, nats.url, 'watcher')
  const client = clientOf(thief)

  const unspeakable = [
    ThingMoved.subject,
    announceSubject('mover'),
    Rang.subject,
    'dead.mover.steps',
    'replay.watcher.steps',
    '$JS.API.STREAM.DELETE.MOVER',
    '$JS.API.STREAM.PURGE.MOVER',
    '$JS.API.STREAM.UPDATE.MOVER',
    '$JS.API.STREAM.MSG.GET.MOVER',
    '$JS.API.DIRECT.GET.MOVER',
    '$JS.API.STREAM.MSG.GET.DEAD',
    '$JS.API.CONSUMER.CREATE.MOVER',
    '$JS.API.CONSUMER.CREATE.MOVER.watcher_mover_thing',
    '$JS.API.CONSUMER.CREATE.MOVER.watcher_mover_thing.mover.>',
    '$JS.API.CONSUMER.CREATE.MOVER.watcher_mover_thing.mover.secret.>',
    '$JS.API.CONSUMER.CREATE.MOVER.another.mover.thing.>',
    '$JS.API.CONSUMER.DURABLE.CREATE.MOVER.watcher_mover_thing',
    '$JS.API.CONSUMER.MSG.NEXT.MOVER.another',
    '$JS.API.CONSUMER.DELETE.MOVER.watcher_mover_thing',
    '$JS.ACK.MOVER.another.1.1.1.1.0',
    '$SYS.REQ.SERVER.PING',
  ]
  for (const subject of unspeakable) {
    const heard = refusals(client)
    client.publish(subject, '{}')
    await client.flush()
    await eventually(() => heard.some(text => text.includes(`"${subject}"`)))
    t.pass(`may not publish ${subject}`)
  }
  for (const subject of ['mover.>', '>', '_INBOX_mover.>', 'announce.*', Knocked.subject, '$JS.API.>']) {
    const heard = refusals(client)
    client.subscribe(subject, { callback() {} })
    await client.flush()
    await eventually(() => heard.some(text => text.includes(`"${subject}"`)))
    t.pass(`may not hear ${subject}`)
  }

  // The subject is allowed, and the configuration behind it asks for more.
  const answer = await client.request(
    '$JS.API.CONSUMER.CREATE.MOVER.watcher_mover_thing.mover.thing.>',
    JSON.stringify({
      stream_name: 'MOVER',
      config: { durable_name: 'watcher_mover_thing', filter_subject: 'mover.>', ack_policy: 'explicit' },
    }),
  )
  t.match(answer.json(), { error: { description: /filter/ } })
  await t.rejects(connect({ servers: nats.url, user: 'watcher', pass: 'guessed', maxReconnectAttempts: 0 }))
  await t.rejects(connect({ servers: nats.url, maxReconnectAttempts: 0 }))
})

t.test('a contract says all of it', async t => {
  t.same(natsPermissions(part({ name: 'quiet' })), {
    publish: ['announce.quiet', 'broadcast.quiet.>'],
    subscribe: ['_INBOX_quiet.>'],
  })
  const { publish, subscribe } = natsPermissions(watcher)
  t.same(subscribe, ['_INBOX_watcher.>', Rang.subject])
  t.ok(publish.includes('$JS.API.CONSUMER.CREATE.MOVER.watcher_mover_thing.mover.thing.>'))
  t.notOk(publish.some(subject => subject.startsWith('$JS.API.STREAM.UPDATE')))
  t.same(natsPermissions('gateway').subscribe, ['_INBOX_gateway.>', 'announce.*', 'broadcast.>'])
})

async function nothingWaits({ database }: Party): Promise<boolean> {
  const { rows } = await sql`select from outbox where published_at is null`.execute(database.kysely)
  return rows.length === 0
}
