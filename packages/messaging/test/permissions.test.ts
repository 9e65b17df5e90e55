import { deepStrictEqual } from 'node:assert'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { announceSubject, defineBroadcast, defineEvent, type ServiceContract } from '@portico/contracts'
import { openDatabase } from '@portico/database'
import { silentTelemetry } from '@portico/telemetry'
import { testNats, testStreams } from '@portico/testkit'
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

const passwordOf = (user: string) => `${user}'s "word"`
const config = natsAuthorization(
  whos.map(who => {
    const user = typeof who === 'string' ? who : who.name
    return { user, password: passwordOf(user), permissions: natsPermissions(who) }
  }),
)

async function openAs(t: Scope, url: string, user: string): Promise<Bus> {
  const bus = await connectBus({
    servers: url,
    user,
    password: passwordOf(user),
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

const provisionAs = (t: Scope, url: string) =>
  testStreams(t, url, [mover, watcher], { user: 'supervisor', password: passwordOf('supervisor'), everyMs: 100 })

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
  provisionAs(t, nats.url)
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

/** What `mover` says, in its stream, and somebody who has taken over `watcher`. */
async function withThief(t: Scope): Promise<{ thief: NatsConnection; url: string }> {
  const nats = await testNats(t, { config })
  provisionAs(t, nats.url)
  const sender = await partyAs(t, nats.url, 'mover')
  startRelay(t, sender)
  for (const step of [1, 2, 3]) await move(sender, [{ thing: 'a', step }])
  await eventually(() => nothingWaits(sender))
  return { thief: clientOf(await openAs(t, nats.url, 'watcher')), url: nats.url }
}

const unspeakable = [
  ThingMoved.subject,
  announceSubject('mover'),
  Rang.subject,
  'dead.mover.steps',
  'replay.watcher.mover.thing',
  '$JS.API.STREAM.MSG.GET.MOVER',
  '$JS.API.DIRECT.GET.MOVER',
  '$JS.API.STREAM.MSG.GET.DEAD',
  '$JS.API.CONSUMER.MSG.NEXT.MOVER.another',
  '$JS.API.CONSUMER.MSG.NEXT.WATCHER.another',
  '$JS.ACK.MOVER.another.1.1.1.1.0',
  '$SYS.REQ.SERVER.PING',
  '_INBOX_mover.x',
  // Nobody configures a stream, not even the own one: its sources, its subjects and where it republishes are a way to
  // everybody's events.
  ...['MOVER', 'WATCHER', 'DEAD', 'ANOTHER'].flatMap(stream =>
    ['CREATE', 'UPDATE', 'DELETE', 'PURGE', 'MSG.DELETE', 'SNAPSHOT', 'RESTORE'].map(
      verb => `$JS.API.STREAM.${verb}.${stream}`,
    ),
  ),
  // Nor a consumer: it would choose whose events it reads, and on whose subject they are delivered.
  ...['MOVER', 'WATCHER', 'DEAD'].flatMap(stream =>
    [
      `CREATE.${stream}`,
      `CREATE.${stream}.watcher_mover_thing`,
      `CREATE.${stream}.watcher_mover_thing.mover.thing.>`,
      `CREATE.${stream}.another.mover.>`,
      `DURABLE.CREATE.${stream}.watcher_mover_thing`,
      `DELETE.${stream}.watcher_mover_thing`,
    ].map(verb => `$JS.API.CONSUMER.${verb}`),
  ),
]
const inaudible = [
  'mover.>',
  '>',
  '_INBOX.>',
  '_INBOX_mover.>',
  'announce.*',
  Knocked.subject,
  '$JS.API.>',
  '$JS.>',
  '*.>',
]

t.test('a service can neither speak for another nor read what it does not list', async t => {
  const { thief, url } = await withThief(t)
  const heard = refusals(thief)
  const isRefused = (verb: string, subject: string) =>
    heard.some(text => text.toLowerCase().includes(`${verb} to "${subject.toLowerCase()}"`))
  for (const subject of unspeakable) thief.publish(subject, '{}')
  for (const subject of inaudible) thief.subscribe(subject, { callback() {} })
  await thief.flush()
  await eventually(() =>
    deepStrictEqual(
      [
        unspeakable.filter(subject => !isRefused('publish', subject)),
        inaudible.filter(subject => !isRefused('subscription', subject)),
      ],
      [[], []],
    ),
  )
  t.equal(heard.length, unspeakable.length + inaudible.length, 'and of nothing else')
  await t.rejects(connect({ servers: url, user: 'watcher', pass: 'guessed', maxReconnectAttempts: 0 }))
  await t.rejects(connect({ servers: url, maxReconnectAttempts: 0 }))
})

t.test('what the server answers on a subject of the thief’s choice gives it no other’s voice', async t => {
  const { thief, url } = await withThief(t)
  const supervisor = clientOf(await openAs(t, url, 'supervisor'))
  const { streams } = await jetstreamManager(supervisor, { checkAPI: false })
  const gateway = await openAs(t, url, 'gateway')
  const announced: unknown[] = []
  gateway.onAnnouncement(announcement => void announced.push(announcement))
  const next = '$JS.API.CONSUMER.MSG.NEXT.MOVER.watcher_mover_thing'
  // A request's answer goes where the request says, and with the server's rights.
  for (const reply of [announceSubject('mover'), '$JS.API.STREAM.DELETE.MOVER', '$JS.API.STREAM.PURGE.MOVER']) {
    thief.publish(next, JSON.stringify({ batch: 1, no_wait: true }), { reply })
    thief.publish('$JS.API.CONSUMER.INFO.MOVER.watcher_mover_thing', '', { reply })
  }
  await thief.flush()
  // Served after what came before it.
  await thief.request('$JS.API.CONSUMER.INFO.MOVER.watcher_mover_thing', '')
  t.match(await streams.info('MOVER'), { state: { messages: 3 } })
  t.same(announced, [])
})

t.test('streams and consumers are made anew, and follow the contracts', async t => {
  const nats = await testNats(t, { config })
  const supervisor = clientOf(await openAs(t, nats.url, 'supervisor'))
  const { streams, consumers } = await jetstreamManager(supervisor, { checkAPI: false })
  // As a version before left it, and as an operator has set it.
  await streams.add({ name: 'MOVER', subjects: ['mover.>'], max_age: 1e12, description: 'theirs' })
  await consumers.add('MOVER', {
    durable_name: 'watcher_mover_thing',
    filter_subject: 'mover.other.>',
    ack_policy: 'explicit',
  })
  await provisionAs(t, nats.url).provisioned
  t.match(await streams.info('MOVER'), { config: { max_age: 7 * 24 * 3_600 * 1e9, description: 'theirs' } })
  t.match(await consumers.info('MOVER', 'watcher_mover_thing'), { config: { filter_subject: 'mover.thing.>' } })
  t.match(await consumers.info('DEAD', 'watcher_mover_thing'), {
    config: { filter_subject: 'replay.watcher.mover.thing' },
  })
  await streams.delete('MOVER')
  await consumers.delete('DEAD', 'watcher_mover_thing')
  await eventually(() => Promise.all(['MOVER', 'DEAD'].map(stream => consumers.info(stream, 'watcher_mover_thing'))))
  await nats.wipe()
  await nats.start()
  await eventually(() => Promise.all(['MOVER', 'DEAD'].map(stream => consumers.info(stream, 'watcher_mover_thing'))))
})

t.test('a contract says all of it', async t => {
  t.same(natsPermissions(part({ name: 'quiet' })), {
    publish: ['announce.quiet', 'broadcast.quiet.>'],
    subscribe: ['_INBOX_quiet.>'],
  })
  const { publish, subscribe } = natsPermissions(watcher)
  t.same(subscribe, ['_INBOX_watcher.>', Rang.subject])
  t.ok(publish.includes('$JS.API.CONSUMER.MSG.NEXT.MOVER.watcher_mover_thing'))
  for (const part of [mover, watcher, 'gateway', 'console'] as const) {
    const { publish } = natsPermissions(part)
    t.notOk(
      publish.some(subject => /\.(CREATE|UPDATE|PURGE|RESTORE)\b/.test(subject)),
      'only the supervisor configures',
    )
  }
  t.same(natsPermissions('gateway').subscribe, ['_INBOX_gateway.>', 'announce.*', 'broadcast.>'])
})

async function nothingWaits({ database }: Party): Promise<boolean> {
  const { rows } = await sql`select from outbox where published_at is null`.execute(database.kysely)
  return rows.length === 0
}
