import { SessionsBeat, SessionsRevoked } from '@portico/contracts/user'
import { eventually } from '@portico/testkit'
import { test } from 'tap'
import { request } from 'undici'
import { startGateway } from './support/gateway.ts'
import { announce, startBus } from './support/house.ts'
import { bodyOf, json, stubReplica } from './support/stub-service.ts'

const userId = '01890000-0000-7000-8000-000000000001'
const sessionId = '01890000-0000-7000-8000-000000000002'

test('a session is exchanged, kept, and dropped when it is revoked', async t => {
  const { bus } = await startBus(t)
  const live = new Set(['good', 'cookie'])
  let asked = 0
  let role = 'author'
  const replica = await stubReplica(t, {
    service: 'accounts',
    routes: [
      { url: '/v1/me', policy: { access: 'signed-in' } },
      { url: '/v1/anyone' },
      { url: '/v1/operators', policy: { access: ['operator'] } },
      { method: 'POST', url: '/v1/me', policy: { access: 'signed-in' } },
    ],
    sessionExchange: {
      url: '/internal/exchange',
      revokedSubject: SessionsRevoked.subject.replace('user', 'accounts'),
      beatSubject: SessionsBeat.subject.replace('user', 'accounts'),
      // Three of these are a silence, which a busy machine must not make up.
      beatMs: 500,
    },
    answer: async (incoming, response) => {
      const body = await bodyOf(incoming)
      if (incoming.url !== '/internal/exchange') return json(response, { headers: incoming.headers })
      asked += 1
      const { token } = JSON.parse(body.toString())
      if (!live.has(token)) return json(response, {}, {}, 401)
      json(response, {
        principal: { userId, role, sessionId, handle: 'a', scopes: null },
        internalToken: `internal-${asked}`,
        expiresAt: new Date(Date.now() + 60_000).toISOString(),
        sessionExpiresAt: null,
      })
    },
  })
  announce(t, bus, replica, 'accounts-1')
  const beat = { ...SessionsBeat, subject: SessionsBeat.subject.replace('user', 'accounts') } as typeof SessionsBeat
  const revoked = {
    ...SessionsRevoked,
    subject: SessionsRevoked.subject.replace('user', 'accounts'),
  } as typeof SessionsRevoked
  const sayBeat = () => bus.broadcast(beat, { at: new Date().toISOString() })
  let beating = setInterval(sayBeat, 100)
  t.after(() => clearInterval(beating))
  const gateway = await startGateway(t, {
    NATS_URL: (bus.current()?.getServer() ?? '').replace(/^/, 'nats://'),
    CORS_ORIGINS: 'https://app.example',
    RATE_LIMITS: 'auth=3/3600',
    TRUSTED_PROXIES: '127.0.0.0/8',
  })

  const get = async (path: string, headers: Record<string, string> = {}, method: 'GET' | 'POST' = 'GET') => {
    const answer = await request(`${gateway.url}${path}`, { method, headers })
    const body = (await answer.body.json()) as { code?: string; headers?: Record<string, string> }
    return { status: answer.statusCode, code: body.code, seen: body.headers ?? {}, headers: answer.headers }
  }
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

  await eventually(async () => (await get('/v1/me', bearer('good'))).status === 200)
  await t.test('the service gets the internal token and nothing of the client’s', async t => {
    const { seen } = await get('/v1/me', { ...bearer('good'), cookie: 'portico_session=x; other=y' })
    t.match(seen.authorization, /^Bearer internal-\d+$/)
    t.equal(seen.cookie, undefined)
  })
  await t.test('it is asked once', async t => {
    await eventually(async () => {
      const before = asked
      await get('/v1/me', bearer('good'))
      return asked === before
    })
    const before = asked
    await Promise.all(Array.from({ length: 20 }, () => get('/v1/me', bearer('good'))))
    t.equal(asked, before)
  })
  await t.test('who is nobody is told so, and is a stranger where strangers may go', async t => {
    t.match(await get('/v1/me', bearer('bad')), { status: 401, code: 'not_signed_in' })
    t.match(await get('/v1/anyone', bearer('bad')), { status: 200, seen: { authorization: undefined } })
    t.match(await get('/v1/me'), { status: 401 })
    t.match(await get('/v1/operators', bearer('good')), { status: 403, code: 'forbidden' })
  })
  await t.test('a client cannot bring the internal token itself', async t => {
    t.match(await get('/v1/me', bearer('internal-1')), { status: 401 })
  })
  await t.test('a cookie makes unsafe requests subject to the origin', async t => {
    const cookie = { cookie: 'a=b; portico_session=cookie' }
    t.match(await get('/v1/me', cookie), { status: 200 })
    t.match(await get('/v1/me', { ...cookie, 'sec-fetch-site': 'cross-site' }), { status: 200 })
    t.match(await get('/v1/me', cookie, 'POST'), { status: 200 })
    const cases: [Record<string, string>, number][] = [
      [{ 'sec-fetch-site': 'same-origin' }, 200],
      [{ 'sec-fetch-site': 'cross-site' }, 403],
      [{ 'sec-fetch-site': 'same-site' }, 403],
      [{ origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' }, 403],
      [{ origin: 'null' }, 403],
      [{ origin: 'https://app.example', 'sec-fetch-site': 'cross-site' }, 200],
      [{ origin: gateway.url }, 200],
    ]
    for (const [headers, status] of cases) {
      t.equal((await get('/v1/me', { ...cookie, ...headers }, 'POST')).status, status, JSON.stringify(headers))
    }
    t.match(await get('/v1/me', { ...bearer('good'), origin: 'https://evil.example' }, 'POST'), { status: 200 })
  })
  await t.test('a revocation is felt within a second', async t => {
    live.delete('good')
    t.match(await get('/v1/me', bearer('good')), { status: 200 }, 'it was kept')
    bus.broadcast(revoked, { userId, sessionIds: [sessionId] })
    await eventually(async () => (await get('/v1/me', bearer('good'))).status === 401, { withinMs: 1_000 })
    live.add('good')
  })
  await t.test('silence of the beat: each request asks', async t => {
    await eventually(async () => (await get('/v1/me', bearer('good'))).status === 200)
    clearInterval(beating)
    await eventually(async () => {
      const before = asked
      await get('/v1/me', bearer('good'))
      return asked === before + 1
    })
    live.delete('good')
    t.match(await get('/v1/me', bearer('good')), { status: 401 })
    live.add('good')
    await eventually(async () => (await get('/v1/me', bearer('good'))).status === 200)
    const answers = await Promise.all(Array.from({ length: 60 }, () => get('/v1/me', bearer('good'))))
    t.same(new Set(answers.map(({ status }) => status)), new Set([200]), 'and is no guesser for it')
    beating = setInterval(sayBeat, 100)
  })
  await t.test('who guesses is limited, and only by what is wrong', async t => {
    await eventually(async () => {
      const before = asked
      return (await get('/v1/me', bearer('good'))).status === 200 && asked === before
    })
    const from = { 'x-forwarded-for': '192.0.2.9' }
    const guess = (index: number) => get('/v1/me', { ...bearer(`guess-${index}`), ...from })
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => guess(index)))
    t.same(new Set(answers.map(({ status }) => status)), new Set([401]))
    t.match(await guess(41), { status: 429, code: 'too_many_requests', headers: { 'retry-after': /^\d+$/ } })
    t.match(await get('/v1/me', { ...bearer('good'), ...from }), { status: 200 }, 'a session that is known goes on')
    t.equal((await get('/v1/me', bearer('of-another'))).status, 401, 'and so does everybody elsewhere')
  })
  await t.test('a new role counts once the session was revoked or its token ended', async t => {
    role = 'operator'
    await eventually(
      async () => {
        bus.broadcast(revoked, { userId, sessionIds: null })
        return (await get('/v1/operators', bearer('good'))).status === 200
      },
      { withinMs: 4_000 },
    )
    const { headers } = await get('/v1/operators', bearer('good'))
    t.equal(headers.ratelimit, undefined, 'operators are not counted')
    const explained = await get('/v1/operators', { ...bearer('good'), 'portico-explain': '1' })
    t.match(JSON.parse(String(explained.headers['portico-explain'])), { service: 'accounts' })
  })
  await t.test('when nobody can tell who it is, it is nobody’s answer', async t => {
    await replica.stop()
    const answer = await get('/v1/anyone', bearer('unknown'))
    t.equal(answer.status, 503)
    t.equal(answer.code, 'sessions_unavailable')
  })
})
