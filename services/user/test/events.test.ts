import { AccountActivated, AccountChanged, AccountDeleted, userContract } from '@portico/contracts/user'
import { openDatabase } from '@portico/database'
import { connectBus, consume, handle, messagingMigrations } from '@portico/messaging'
import { silentTelemetry } from '@portico/telemetry'
import { eventually, testDatabase, testStreams } from '@portico/testkit'
import t from 'tap'
import { newPerson, type Person, type Service, startService } from './service.ts'

const service = await startService(t)

/** Another service that listens to accounts, on a database of its own. */
async function listener() {
  const telemetry = silentTelemetry()
  const { url } = await testDatabase(t, { service: 'listener', migrations: [messagingMigrations] })
  const database = openDatabase({ url, applicationName: 'listener', poolSize: 5, telemetry })
  const bus = await connectBus({ ...service.config.nats, name: 'listener', telemetry })
  testStreams(t, service.config.nats.servers, [
    userContract,
    { name: 'listener', emits: [], listensTo: ['user.account'] },
  ])
  const heard: [userId: string, what: string][] = []
  const on = [
    handle(AccountActivated, async ({ userId }) => void heard.push([userId, 'activated'])),
    handle(AccountChanged, async ({ userId, name }) => void heard.push([userId, name])),
    handle(AccountDeleted, async ({ userId }) => void heard.push([userId, 'deleted'])),
  ]
  const consumer = consume({
    name: 'accounts',
    service: 'listener',
    from: 'user.account',
    on,
    bus,
    database,
    telemetry,
  })
  consumer.start()
  t.teardown(async () => {
    await consumer.stop()
    await bus.close()
    await database.close()
  })
  return { of: (id: string) => heard.filter(([userId]) => userId === id).map(([, what]) => what) }
}

async function live(person: Person, replicas: Pick<Service, 'call'>[], changes: number) {
  for (let n = 0; n < changes; n += 1) {
    const replica = replicas[n % replicas.length]
    await replica?.call('PATCH', '/v1/me', { as: person.accessToken, body: { name: `name ${n}` } })
  }
  await replicas[0]?.call('DELETE', '/v1/me', { as: person.accessToken })
}

t.test('what happens to an account arrives once and in order, whichever replica did it', async t => {
  const other = await service.replica()
  const heard = await listener()
  const people: Person[] = []
  for (let n = 0; n < 6; n += 1) people.push(await newPerson(service))
  await Promise.all(people.map(person => live(person, [service, other], 8)))
  const expected = ['activated', ...Array.from({ length: 8 }, (_, n) => `name ${n}`), 'deleted']
  await eventually(() => people.every(({ id }) => heard.of(id).at(-1) === 'deleted'), { withinMs: 15_000 })
  for (const { id } of people) t.same(heard.of(id), expected)
})

t.end()
