import { createHash, randomBytes } from 'node:crypto'
import { AccountActivated } from '@portico/contracts/user'
import t from 'tap'
import { ensureOperator } from '../src/operator/ensure-operator.ts'
import { eventsOf, isSignedIn, startService } from './service.ts'

const service = await startService(t)
const { call, clock, config, context, operatorToken, ticket } = service
const sha256 = (text: string) => createHash('sha256').update(text).digest()

t.test('the bearer token opens every door of the operator, without an end', async t => {
  const { body } = await call('POST', '/internal/sessions/exchange', { body: { token: operatorToken } })
  t.match(body, { principal: { role: 'operator', handle: 'operator' }, sessionExpiresAt: null })
  clock.advance(10 * 365 * 24 * 60 * 60_000)
  t.ok(await isSignedIn(service, operatorToken))
  t.equal((await call('GET', '/v1/admin/users', { as: operatorToken })).status, 200)
})

t.test('however many replicas start at once: one operator, one session, one event', async t => {
  await Promise.all(Array.from({ length: 6 }, () => ensureOperator(context.transact, config.operator, clock())))
  await service.replica()
  const { kysely } = context.database
  const accounts = await kysely.selectFrom('accounts').select('id').where('role', '=', 'operator').execute()
  const sessions = await kysely.selectFrom('sessions').select('id').where('mode', '=', 'operator').execute()
  t.same([accounts.length, sessions.length], [1, 1])
  t.match(await eventsOf(service, AccountActivated), [{ handle: 'operator', role: 'operator', email: null }])
})

t.test('the ticket signs one browser in, once', async t => {
  const use = () => call('POST', '/v1/sessions', { body: { ticket, mode: 'cookie' } })
  const answers = await Promise.all([use(), use(), use()])
  t.same(answers.map(({ status }) => status).sort(), [201, 401, 401])
  t.match(answers.find(({ status }) => status === 401)?.body, { code: 'ticket_invalid' })
  await service.replica()
  t.equal((await use()).status, 401, 'a replica that starts again does not make it good again')
})

t.test('a new start: the former token and ticket are void', async t => {
  const [token, first, second] = Array.from({ length: 3 }, () => randomBytes(32).toString('base64url'))
  if (!token || !first || !second) throw new Error('three')
  const start = (ticketHash: Buffer) =>
    ensureOperator(context.transact, { tokenHash: sha256(token), ticketHash }, clock())
  await start(sha256(first))
  await start(sha256(second))
  t.notOk(await isSignedIn(service, operatorToken))
  t.ok(await isSignedIn(service, token))
  t.equal((await call('POST', '/v1/sessions', { body: { ticket: first } })).status, 401)
  t.equal((await call('POST', '/v1/sessions', { body: { ticket: second } })).status, 201)
})

t.test('no password is the operator’s', async t => {
  const { status } = await call('POST', '/v1/sessions', {
    body: { email: 'operator@example.com', password: 'operator' },
  })
  t.equal(status, 401)
})

t.end()
