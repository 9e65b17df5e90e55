import t from 'tap'
import { judgeRefresh, lifetimes, startSession, tokenPair } from './session.ts'
import { hashToken } from './tokens.ts'

const now = new Date('2026-11-23T12:00:00.000Z')
const after = (ms: number) => new Date(now.getTime() + ms)
const device = { address: '192.0.2.1', userAgent: 'test' }
const given = { id: '01980a5e-7c21-7000-8000-000000000001', accountId: '01980a5e-7c21-7000-8000-000000000002' }

t.test('a cookie session has one secret, of which the hash is kept', async t => {
  const { session, tokens, secrets } = startSession({ ...given, mode: 'cookie' }, device, now)
  t.match(secrets, { cookie: /^ptc_[\w-]{43}$/, accessToken: undefined })
  t.same(
    tokens.map(({ kind, hash }) => [kind, hash]),
    [['cookie', hashToken(secrets.cookie ?? '')]],
  )
  t.same(session.expiresAt, after(lifetimes.cookieMs))
})

t.test('a token session has a short access token and a refresh token', async t => {
  const { tokens, secrets } = startSession({ ...given, mode: 'token' }, device, now)
  t.match(secrets, { accessToken: /^pta_[\w-]{43}$/, refreshToken: /^ptr_[\w-]{43}$/ })
  t.same(
    tokens.map(({ kind, expiresAt }) => [kind, expiresAt]),
    [
      ['access', after(lifetimes.accessMs)],
      ['refresh', after(lifetimes.refreshMs)],
    ],
  )
})

t.test('no token outlives its session', async t => {
  const { tokens } = tokenPair(given.id, after(1_000), now)
  t.same(
    tokens.map(({ expiresAt }) => expiresAt),
    [after(1_000), after(1_000)],
  )
})

t.test('a refresh token rotates once, and within the grace', async t => {
  const { tokens } = tokenPair(given.id, after(lifetimes.familyMs), now)
  const refresh = tokens.find(({ kind }) => kind === 'refresh')
  if (!refresh) throw new Error('no refresh token')
  const used = { ...refresh, usedAt: now }
  t.equal(judgeRefresh(refresh, after(1_000)), 'rotate')
  t.equal(judgeRefresh(refresh, after(lifetimes.refreshMs)), 'expired')
  t.equal(judgeRefresh(used, after(lifetimes.refreshGraceMs)), 'rotate')
  t.equal(judgeRefresh(used, after(lifetimes.refreshGraceMs + 1)), 'reused')
  t.equal(judgeRefresh(used, after(lifetimes.refreshMs)), 'reused', 'reuse is told from age')
})
