import { SessionsRevoked } from '@portico/contracts/user'
import { eventually, stopwatch } from '@portico/testkit'
import { sql } from 'kysely'
import t from 'tap'
import { countersOf } from '../src/sessions/attempts.ts'
import { goodPassword, isSignedIn, newPerson, signIn, startService } from './service.ts'

const service = await startService(t)
const { call, clock, context } = service

const refresh = (refreshToken: string) => call('POST', '/v1/sessions/refresh', { body: { refreshToken } })

t.test('sign in by token and by cookie', async t => {
  const { email } = await newPerson(service)
  const token = await call('POST', '/v1/sessions', { body: { email: email.toUpperCase(), password: goodPassword } })
  t.match(token, { status: 201, headers: { 'cache-control': 'no-store' } })
  t.match(token.body, { accessToken: /^pta_/, refreshToken: /^ptr_/, expiresIn: 900, user: { email } })
  t.notOk(token.headers['set-cookie'])

  const cookie = await call('POST', '/v1/sessions', { body: { email, password: goodPassword, mode: 'cookie' } })
  t.equal(cookie.status, 201)
  const [, value = ''] = /^portico_session=(ptc_[\w-]+); /.exec(String(cookie.headers['set-cookie'])) ?? []
  t.ok(await isSignedIn(service, value))
})

t.test('a wrong password and an unknown address: the same answer, the same work', async t => {
  const { email } = await newPerson(service)
  const compare = async (address: string) => {
    const before = context.hasher.computed()
    const { status, headers, body } = await call('POST', '/v1/sessions', {
      body: { email: address, password: 'not the password at all' },
    })
    const { 'server-timing': _timing, date: _date, ...same } = headers
    const { traceId: _trace, ...problem } = body
    return { status, same, problem, hashes: context.hasher.computed() - before }
  }
  const known = await compare(email)
  t.match(known, { status: 401, problem: { code: 'credentials_invalid' }, hashes: 1 })
  t.same(await compare('nobody-at-all@example.com'), known)
})

t.test('tries are counted, for an unknown address too; the owner elsewhere is not locked out', async t => {
  const { email } = await newPerson(service)
  for (const address of [email, 'unknown-guessed@example.com']) {
    const body = { email: address, password: 'a wrong guess of it' }
    const statuses = []
    for (let i = 0; i < 12; i += 1) statuses.push((await call('POST', '/v1/sessions', { body })).status)
    t.same(statuses, [...Array(10).fill(401), 429, 429])
  }
  const right = { email, password: goodPassword }
  const waits = await call('POST', '/v1/sessions', { body: right })
  t.match(waits, { status: 429, headers: { 'retry-after': '1' }, body: { code: 'too_many_requests' } })
  t.equal((await call('POST', '/v1/sessions', { body: right, address: '192.0.2.77' })).status, 201)
  clock.advance(1_001)
  t.equal((await call('POST', '/v1/sessions', { body: right })).status, 201, 'after the wait')
  t.equal((await call('POST', '/v1/sessions', { body: right })).status, 201, 'and the count is gone')
})

t.test('tries that come at once are counted one by one', async t => {
  const { email } = await newPerson(service)
  const body = { email, password: 'a wrong guess of it' }
  const answers = await Promise.all(Array.from({ length: 20 }, () => call('POST', '/v1/sessions', { body })))
  t.equal(answers.filter(({ status }) => status === 401).length, 10)
  t.equal(answers.filter(({ status }) => status === 429).length, 10)
})

t.test('a try and a right password at once do not wait for each other', async t => {
  const counters = countersOf('both-at-once@example.com', null)
  for (const order of [counters, counters.toReversed()]) {
    // As the rows lie in the table, PostgreSQL would come upon the other one first.
    await context.transact(({ attempts }) => attempts.take(order.toReversed(), clock()))
    const [first, second] = order.map(counter => [counter])
    let clearing: Promise<void> | undefined
    await context.transact(async ({ attempts }) => {
      await attempts.take(first ?? [], clock())
      clearing = context.transact(other => other.attempts.clear(order))
      await eventually(async () => {
        const { rows } = await sql`
          select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
        `.execute(context.database.kysely)
        return rows.length > 0
      })
      await attempts.take(second ?? [], clock())
    })
    await t.resolves(clearing ?? Promise.reject(new Error('it never began')))
  }
})

t.test('the exchange tells who it is, and for how long', async t => {
  const person = await newPerson(service)
  const { status, body } = await call('POST', '/internal/sessions/exchange', { body: { token: person.accessToken } })
  t.equal(status, 200)
  const { id: userId, handle, sessionId } = person
  t.same(body.principal, { userId, handle, role: 'author', sessionId, scopes: null })
  t.same(await context.verifier.verify(body.internalToken).catch(String), body.principal)
  t.ok(Date.parse(body.expiresAt) - clock().getTime() <= 60_000)
  t.equal(Date.parse(body.sessionExpiresAt) - clock().getTime(), 900_000)
})

t.test('what is no session is refused', async t => {
  const { refreshToken } = await newPerson(service)
  for (const token of [refreshToken, 'pta_unknown', 'x', '\u0000']) {
    const { status, body } = await call('POST', '/internal/sessions/exchange', { body: { token } })
    t.match({ status, body }, { status: 401, body: { code: 'not_signed_in' } })
  }
})

t.test('an access token ends after its time; refreshing goes on', async t => {
  const { accessToken, refreshToken } = await newPerson(service)
  clock.advance(900_000)
  t.notOk(await isSignedIn(service, accessToken))
  const { status, body } = await refresh(refreshToken)
  t.match({ status, body }, { status: 200, body: { accessToken: /^pta_/, refreshToken: /^ptr_/, expiresIn: 900 } })
  t.ok(await isSignedIn(service, body.accessToken))
})

t.test('refreshing at once from two tabs works', async t => {
  const { refreshToken } = await newPerson(service)
  const answers = await Promise.all([refresh(refreshToken), refresh(refreshToken), refresh(refreshToken)])
  for (const { status, body } of answers) {
    t.equal(status, 200)
    t.ok(await isSignedIn(service, body.accessToken))
    t.equal((await refresh(body.refreshToken)).status, 200)
  }
})

t.test('a refresh token used again after the grace ends the whole session', async t => {
  const person = await newPerson(service)
  const other = await signIn(service, person)
  const next = await refresh(person.refreshToken)
  clock.advance(10_001)
  const reused = await refresh(person.refreshToken)
  t.match(reused, { status: 401, body: { code: 'refresh_invalid' } })
  t.notOk(await isSignedIn(service, next.body.accessToken), 'the thief or the owner: nobody can tell')
  t.equal((await refresh(next.body.refreshToken)).status, 401)
  t.ok(await isSignedIn(service, other.accessToken), 'other devices are not touched')
})

t.test('a repeat of a refresh with its key gets the same tokens, however late', async t => {
  const { refreshToken } = await newPerson(service)
  const options = { body: { refreshToken }, headers: { 'idempotency-key': 'refresh-1' } }
  const first = await call('POST', '/v1/sessions/refresh', options)
  clock.advance(60_000)
  const again = await call('POST', '/v1/sessions/refresh', options)
  t.same(again.body, first.body)
  t.ok(await isSignedIn(service, first.body.accessToken))
})

t.test('devices: listed, one ended, all others ended', async t => {
  const person = await newPerson(service)
  const phone = await signIn(service, person)
  const laptop = await signIn(service, person)
  clock.advance(61_000)
  const device = { address: '198.51.100.7', userAgent: 'Phone/1' }
  await call('POST', '/internal/sessions/exchange', { body: { token: phone.accessToken, ...device } })
  const { body } = await call('GET', '/v1/sessions', { as: laptop.accessToken })
  t.equal(body.items.length, 3)
  t.same(
    body.items.filter((item: { current: boolean }) => item.current).map(({ id }: { id: string }) => id),
    [laptop.sessionId],
  )
  const seen = body.items.find(({ id }: { id: string }) => id === phone.sessionId)
  t.match(seen, { lastSeenAddress: '198.51.100.7', userAgent: 'Phone/1', lastSeenAt: clock().toISOString() })

  const page = await call('GET', '/v1/sessions?limit=2', { as: laptop.accessToken })
  t.match(page.headers, { link: /rel="next"/ })
  const rest = await call('GET', `/v1/sessions?limit=2&cursor=${page.body.nextCursor}`, { as: laptop.accessToken })
  t.equal(new Set([...page.body.items, ...rest.body.items].map(({ id }: { id: string }) => id)).size, 3)

  t.equal((await call('DELETE', `/v1/sessions/${phone.sessionId}`, { as: laptop.accessToken })).status, 204)
  t.notOk(await isSignedIn(service, phone.accessToken))
  t.equal((await call('DELETE', `/v1/sessions/${phone.sessionId}`, { as: laptop.accessToken })).status, 404)
  t.equal((await call('DELETE', '/v1/sessions', { as: laptop.accessToken })).status, 204)
  t.notOk(await isSignedIn(service, person.accessToken))
  t.ok(await isSignedIn(service, laptop.accessToken))

  const out = await call('DELETE', '/v1/sessions/current', { as: laptop.accessToken })
  t.match(out, { status: 204, headers: { 'set-cookie': /^portico_session=; Max-Age=0/ } })
  t.notOk(await isSignedIn(service, laptop.accessToken))
})

t.test('nobody ends the session of another', async t => {
  const [mine, theirs] = [await newPerson(service), await newPerson(service)]
  t.equal((await call('DELETE', `/v1/sessions/${theirs.sessionId}`, { as: mine.accessToken })).status, 404)
  t.ok(await isSignedIn(service, theirs.accessToken))
})

t.test('a revocation reaches every listener', async t => {
  const person = await newPerson(service)
  const heard: { userId: string; sessionIds: string[] | null }[] = []
  await eventually(() => context.bus.isConnected())
  const unsubscribe = context.bus.listen(SessionsRevoked, payload => void heard.push(payload))
  t.teardown(unsubscribe)
  using tookMs = stopwatch()
  await call('DELETE', '/v1/sessions/current', { as: person.accessToken })
  await eventually(() => heard.some(({ sessionIds }) => sessionIds?.includes(person.sessionId) === true))
  t.ok(tookMs() < 1_000, 'within a second')
})

t.end()
