import { AccountChanged, SessionsRevoked } from '@portico/contracts/user'
import { openDatabase } from '@portico/database'
import { silentTelemetry } from '@portico/telemetry'
import { eventually } from '@portico/testkit'
import { sql } from 'kysely'
import t from 'tap'
import type { Tables } from '../src/db/tables.ts'
import { eventsOf, goodPassword, isSignedIn, newPerson, startService } from './service.ts'

const service = await startService(t)
const { call, context, operatorToken } = service

const change = (id: string, body: object, as = operatorToken, headers = {}) =>
  call('PATCH', `/v1/admin/users/${id}`, { as, body, headers })
const verification = async () => (await call('GET', '/v1/admin/audit/verification', { as: operatorToken })).body

t.test('find by the beginning of handle, name and address; percent signs find themselves', async t => {
  const person = await newPerson(service, 'findable')
  const find = async (query: string) => {
    const { body } = await call('GET', `/v1/admin/users?${query}`, { as: operatorToken })
    return body.items.map(({ handle }: { handle: string }) => handle)
  }
  for (const q of ['FINDABLE', 'The%20find', person.email.slice(0, 12)]) t.same(await find(`q=${q}`), [person.handle])
  t.same(await find('q=%25'), [])
  t.same(await find('role=operator'), ['operator'])
  t.ok((await find('status=active&role=author')).includes(person.handle))
  const { body } = await call('GET', '/v1/admin/users?limit=1', { as: operatorToken })
  t.ok(body.nextCursor)
  t.notOk(JSON.stringify(body).includes('argon2'))
})

t.test('a suspended account is out at once, and may come back', async t => {
  const person = await newPerson(service)
  const heard: string[] = []
  await eventually(() => context.bus.isConnected())
  t.teardown(context.bus.listen(SessionsRevoked, ({ userId }) => void heard.push(userId)))
  const suspended = await change(person.id, { suspended: true, reason: 'spam' })
  t.match(suspended, { status: 200, body: { status: 'suspended' } })
  t.notOk(await isSignedIn(service, person.accessToken))
  await eventually(() => heard.includes(person.id), { withinMs: 1_000 })
  t.equal((await call('GET', `/v1/users/${person.handle}`)).status, 404)
  const refresh = await call('POST', '/v1/sessions/refresh', { body: { refreshToken: person.refreshToken } })
  t.equal(refresh.status, 401)

  const right = { email: person.email, password: goodPassword }
  t.match(await call('POST', '/v1/sessions', { body: right }), { status: 403, body: { code: 'account_suspended' } })
  const wrong = await call('POST', '/v1/sessions', { body: { ...right, password: 'not the right one' } })
  t.match(wrong, { status: 401, body: { code: 'credentials_invalid' } }, 'only the owner hears of it')

  t.match(await change(person.id, { suspended: false }), { status: 200, body: { status: 'active' } })
  t.equal((await call('POST', '/v1/sessions', { body: right })).status, 201)
})

t.test('a role is changed, told, and asked for again by every gateway', async t => {
  const person = await newPerson(service)
  const heard: string[] = []
  await eventually(() => context.bus.isConnected())
  t.teardown(context.bus.listen(SessionsRevoked, ({ userId }) => void heard.push(userId)))
  t.match(await change(person.id, { role: 'admin' }), {
    status: 200,
    body: { role: 'admin' },
    headers: { etag: '"2"' },
  })
  t.match((await eventsOf(service, AccountChanged)).at(-1), { userId: person.id, role: 'admin' })
  await eventually(() => heard.includes(person.id))
  const { body } = await call('POST', '/internal/sessions/exchange', { body: { token: person.accessToken } })
  t.equal(body.principal.role, 'admin', 'the session goes on')
  t.match(await change(person.id, { role: 'reader' }, operatorToken, { 'if-match': '"1"' }), { status: 412 })
})

t.test('who may change whom', async t => {
  const [admin, other, person] = [await newPerson(service), await newPerson(service), await newPerson(service)]
  for (const { id } of [admin, other]) await change(id, { role: 'admin' })
  const operator = (await call('GET', '/v1/me', { as: operatorToken })).body
  const by = admin.accessToken
  t.match(await change(person.id, { role: 'moderator' }, by), { status: 200 })
  for (const [id, body] of [
    [admin.id, { role: 'author' }],
    [other.id, { suspended: true }],
    [person.id, { role: 'admin' }],
    [operator.id, { suspended: true }],
  ] as const) {
    t.match(await change(id, body, by), { status: 403, body: { code: 'account_protected' } })
  }
  t.match(await change(operator.id, { role: 'reader' }), { status: 403, body: { code: 'account_protected' } })
  t.match(await change('01980a5e-7c21-7000-8000-000000000001', { role: 'reader' }), { status: 404 })
  t.match(await call('DELETE', '/v1/me', { as: operatorToken }), { status: 403, body: { code: 'account_protected' } })
  const renamed = await call('PATCH', '/v1/me', { as: operatorToken, body: { handle: 'someone' } })
  t.match(renamed, { status: 403, body: { code: 'account_protected' } })
})

t.test('the trail says who did what to whom, and why', async t => {
  const person = await newPerson(service)
  await change(person.id, { role: 'moderator', suspended: true, reason: 'both' })
  const { body } = await call('GET', `/v1/admin/audit?subjectId=${person.id}`, { as: operatorToken })
  t.match(body.items, [
    { action: 'account.suspended', details: { reason: 'both' } },
    { action: 'account.role_changed', details: { from: 'author', to: 'moderator', reason: 'both' } },
  ])
  t.equal(body.items[0].previousHash, body.items[1].hash)
})

t.test('many write at once, from two replicas, and the chain holds', async t => {
  const other = await service.replica()
  const at = new Date()
  const write = (n: number) =>
    (n % 2 ? service : other).context.transact(({ audit }) =>
      audit.record({ actorId: null, action: 'test.written', subjectId: null, details: { n } }, at),
    )
  const { rows } = await verification()
  await Promise.all(Array.from({ length: 40 }, (_, n) => write(n)))
  t.match(await verification(), { intact: true, rows: rows + 40, brokenAt: null, head: /^[0-9a-f]{64}$/ })
})

t.test('the service cannot change the trail; whoever can is found out', async t => {
  const own = context.database.kysely
  await t.rejects(own.updateTable('audit').set({ action: 'x' }).execute(), /only grows/)
  await t.rejects(own.deleteFrom('audit').execute(), /only grows/)
  await t.rejects(sql`truncate audit`.execute(own))

  const { adminUrl: url } = service
  const admin = openDatabase<Tables>({ url, applicationName: 'thief', poolSize: 1, telemetry: silentTelemetry() })
  t.teardown(() => admin.close())
  const { details } = await own
    .selectFrom('audit')
    .select('details')
    .where('sequence', '=', 2)
    .executeTakeFirstOrThrow()
  const set = (text: string) => sql`update audit set details = ${text} where sequence = 2`
  const asAdmin = async (statement: ReturnType<typeof set>) => {
    await sql`alter table audit disable trigger all`.execute(admin.kysely)
    await statement.execute(admin.kysely)
    await sql`alter table audit enable trigger all`.execute(admin.kysely)
  }
  await asAdmin(set('{"reason":"another"}'))
  t.match(await verification(), { intact: false, brokenAt: 2, rows: 1 })
  await asAdmin(set(details))
  t.match(await verification(), { intact: true })
  await asAdmin(sql`delete from audit where sequence = 3`)
  t.match(await verification(), { intact: false, brokenAt: 4 })
})

t.end()
