import { AccountChanged, AccountDeleted, SessionsRevoked, UserCachePurge } from '@portico/contracts/user'
import { eventually } from '@portico/testkit'
import t from 'tap'
import { eventsOf, goodPassword, isSignedIn, newPerson, type Person, startService } from './service.ts'

const service = await startService(t)
const { call, clock, context } = service

t.test('read, and read again with what is known', async t => {
  const person = await newPerson(service)
  const { status, headers, body } = await call('GET', '/v1/me', { as: person.accessToken })
  t.match({ status, body }, { status: 200, body: { email: person.email, handle: person.handle, locale: 'en' } })
  const again = await call('GET', '/v1/me', {
    as: person.accessToken,
    headers: { 'if-none-match': String(headers.etag) },
  })
  t.match(again, { status: 304, text: '' })
})

t.test('a change is told with all that others keep, and purges', async t => {
  const person = await newPerson(service)
  const purged: string[] = []
  await eventually(() => context.bus.isConnected())
  t.teardown(context.bus.listen(UserCachePurge, ({ tags }) => void purged.push(...tags)))
  const body = { name: 'Ada', bio: 'Counts', avatarFileId: person.id, locale: 'fr', handle: `${person.handle}-x` }
  const changed = await call('PATCH', '/v1/me', { as: person.accessToken, body })
  t.match(changed, { status: 200, body, headers: { etag: '"2"' } })
  const events = (await eventsOf(service, AccountChanged)).filter(({ userId }) => userId === person.id)
  t.match(events, [{ ...body, email: person.email, role: 'author' }])
  await eventually(() => purged.includes(`user:${person.id}`))

  const same = await call('PATCH', '/v1/me', { as: person.accessToken, body })
  t.match(same, { status: 200, headers: { etag: '"2"' } }, 'nothing differs: nothing is written')
  t.equal((await eventsOf(service, AccountChanged)).filter(({ userId }) => userId === person.id).length, 1)
})

t.test('If-Match is optional, and kept when given', async t => {
  const { accessToken: as } = await newPerson(service)
  const write = (name: string, match: string) =>
    call('PATCH', '/v1/me', { as, body: { name }, headers: { 'if-match': match } })
  t.equal((await write('One', '"1"')).status, 200)
  t.match(await write('Two', '"1"'), { status: 412, body: { code: 'stale_write' } })
})

t.test('a handle given up rests; its former owner may take it back', async t => {
  const [mine, other] = [await newPerson(service), await newPerson(service)]
  const take = (as: string, handle: string) => call('PATCH', '/v1/me', { as, body: { handle } })
  t.match(await take(other.accessToken, mine.handle), { status: 409, body: { code: 'handle_taken' } })
  t.equal((await take(mine.accessToken, `${mine.handle}-new`)).status, 200)
  t.equal((await take(other.accessToken, mine.handle)).status, 409)
  t.equal((await take(mine.accessToken, mine.handle)).status, 200)
})

t.test('two replicas race for one handle: one has it, the other is told', async t => {
  const other = await service.replica()
  const [a, b] = [await newPerson(service), await newPerson(service)]
  const body = { handle: 'raced-for' }
  const answers = await Promise.all([
    service.call('PATCH', '/v1/me', { as: a.accessToken, body }),
    other.call('PATCH', '/v1/me', { as: b.accessToken, body }),
  ])
  t.same(answers.map(({ status }) => status).sort(), [200, 409])
})

t.test('deletion: a receipt, no session, no person', async t => {
  const person = await newPerson(service)
  const friend = await newPerson(service)
  await call('PUT', `/v1/users/${person.handle}/follow`, { as: friend.accessToken })
  await call('PUT', `/v1/users/${friend.handle}/follow`, { as: person.accessToken })
  const heard: { userId: string; sessionIds: string[] | null }[] = []
  await eventually(() => context.bus.isConnected())
  t.teardown(context.bus.listen(SessionsRevoked, payload => void heard.push(payload)))

  const token = (await call('POST', '/internal/sessions/exchange', { body: { token: person.accessToken } })).body
  const gone = await call('DELETE', '/v1/me', { as: person.accessToken })
  t.match(gone, { status: 202, body: { receiptId: String, userId: person.id }, headers: { 'set-cookie': /Max-Age=0/ } })
  t.notOk(await isSignedIn(service, person.accessToken))
  t.match((await eventsOf(service, AccountDeleted)).at(-1), { userId: person.id })
  await eventually(() => heard.some(({ userId, sessionIds }) => userId === person.id && sessionIds === null))

  // The internal token of the person lives on for up to a minute, wherever it was kept.
  const headers = { authorization: `Bearer ${token.internalToken}` }
  t.equal((await call('GET', '/v1/me', { headers })).status, 401)
  t.equal((await call('PUT', `/v1/users/${friend.handle}/follow`, { headers })).status, 401)
  t.equal((await call('GET', `/v1/users/${person.handle}`)).status, 404)
  const { body } = await call('GET', `/v1/users/${friend.handle}`)
  t.match(body, { followerCount: 0, followingCount: 0 })
  const left = await context.database.kysely
    .selectFrom('sign_ups')
    .select('id')
    .where('email', '=', person.email)
    .execute()
  t.same(left, [])
  const signIn = await call('POST', '/v1/sessions', { body: { email: person.email, password: goodPassword } })
  t.equal(signIn.status, 401)
})

t.test(
  'friends who leave at once, while others come and go: nobody waits for another, every count is right',
  async t => {
    const other = await service.replica()
    const people: Person[] = []
    for (let n = 0; n < 6; n += 1) people.push(await newPerson(service))
    const [stays, ...leaving] = people
    if (!stays) throw new Error('nobody')
    const call = (n: number) => (n % 2 ? service : other).call
    const follow = (who: Person, whom: Person, n: number) =>
      call(n)('PUT', `/v1/users/${whom.handle}/follow`, { as: who.accessToken })
    for (const a of people) await Promise.all(people.filter(b => b !== a).map((b, n) => follow(a, b, n)))
    const answers = await Promise.all([
      ...leaving.map(({ accessToken: as }, n) => call(n)('DELETE', '/v1/me', { as })),
      ...leaving.map((person, n) => call(n)('DELETE', `/v1/users/${person.handle}/follow`, { as: stays.accessToken })),
      ...leaving.map((person, n) => follow(stays, person, n)),
    ])
    t.same(
      answers.map(({ status }) => status).filter(status => status >= 500),
      [],
    )
    t.same(
      answers.slice(0, leaving.length).map(({ status }) => status),
      leaving.map(() => 202),
    )
    t.match((await service.call('GET', `/v1/users/${stays.handle}`)).body, { followerCount: 0, followingCount: 0 })
  },
)

t.test('the address is free again at once, the handle after its rest', async t => {
  const person = await newPerson(service)
  await call('DELETE', '/v1/me', { as: person.accessToken })
  const body = { email: person.email, handle: person.handle, name: 'Other', password: goodPassword }
  t.equal((await call('POST', '/v1/users', { body })).status, 409)
  t.equal((await call('POST', '/v1/users', { body: { ...body, handle: 'quite-another' } })).status, 202)
  t.ok(clock())
})

t.end()
