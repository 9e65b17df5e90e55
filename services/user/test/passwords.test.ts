import { PasswordChanged, PasswordResetRequested } from '@portico/contracts/user'
import { eventually } from '@portico/testkit'
import t from 'tap'
import { eventsOf, goodPassword, isSignedIn, newPerson, type Person, signIn, startService } from './service.ts'

const service = await startService(t)
const { call, clock, context } = service
const another = 'thirteen owls on a green bicycle'

const signsIn = async ({ email }: Person, password: string) =>
  (await call('POST', '/v1/sessions', { body: { email, password }, address: '203.0.113.9' })).status === 201

async function resetMailedTo({ email }: Person, count = 1) {
  return eventually(async () => {
    const mails = (await eventsOf(service, PasswordResetRequested)).filter(event => event.email === email)
    const last = mails.at(-1)
    if (mails.length < count || !last) throw new Error('not mailed yet')
    return last
  })
}
const ask = (email: string) => call('POST', '/v1/password-resets', { body: { email } })
const confirm = (token: string, newPassword = another) =>
  call('POST', '/v1/password-resets/confirm', { body: { token, newPassword } })

t.test('a new password ends every other session and is told', async t => {
  const person = await newPerson(service)
  const other = await signIn(service, person)
  const body = { currentPassword: goodPassword, newPassword: another }
  t.equal((await call('POST', '/v1/me/password', { as: person.accessToken, body })).status, 204)
  t.ok(await isSignedIn(service, person.accessToken), 'this one goes on')
  t.notOk(await isSignedIn(service, other.accessToken))
  t.notOk(await signsIn(person, goodPassword))
  t.ok(await signsIn(person, another))
  t.match((await eventsOf(service, PasswordChanged)).at(-1), { userId: person.id, email: person.email })
})

t.test('the current password is asked for, and tries are counted', async t => {
  const person = await newPerson(service)
  const change = (currentPassword: string, newPassword: string) =>
    call('POST', '/v1/me/password', { as: person.accessToken, body: { currentPassword, newPassword } })
  t.match(await change('not it', another), { status: 403, body: { code: 'password_wrong' } })
  t.match(await change(goodPassword, `${person.handle} ${person.handle}`), {
    status: 422,
    body: { code: 'password_rejected', errors: [{ pointer: '#/newPassword' }] },
  })
  for (let i = 0; i < 9; i += 1) await change('not it', another)
  t.match(await change(goodPassword, another), { status: 429, body: { code: 'too_many_requests' } })
})

t.test('a reset by mail: once, all sessions end', async t => {
  const person = await newPerson(service)
  const asked = await ask(person.email.toUpperCase())
  t.match(asked, { status: 202, body: { status: 'reset_requested' } })
  const { token } = await resetMailedTo(person)
  t.match(token, /^ptp_/)
  t.match(await confirm(token, 'passwordpassword1'), { status: 422, body: { code: 'password_rejected' } })
  t.match(await confirm(token, `${person.handle} ${person.handle}`), {
    status: 422,
    body: { code: 'password_rejected' },
  })
  t.equal((await confirm(token)).status, 204, 'a refused password does not use the token up')
  t.notOk(await isSignedIn(service, person.accessToken))
  t.ok(await signsIn(person, another))
  t.match(await confirm(token), { status: 422, body: { code: 'reset_invalid' } })
})

t.test('a reset works for half an hour; a newer password voids it', async t => {
  const person = await newPerson(service)
  await ask(person.email)
  const late = await resetMailedTo(person)
  clock.advance(30 * 60_000)
  t.equal((await confirm(late.token)).status, 422)
  await ask(person.email)
  await ask(person.email)
  await resetMailedTo(person, 3)
  const [, one, two] = (await eventsOf(service, PasswordResetRequested)).filter(({ email }) => email === person.email)
  t.equal((await confirm(one?.token ?? '')).status, 204)
  t.equal((await confirm(two?.token ?? '', 'a third one under the sofa')).status, 422)
})

t.test('an unknown address gets the same answer, and nobody a mail', async t => {
  const person = await newPerson(service)
  const shape = async (email: string) => {
    const { status, headers, text } = await ask(email)
    const { 'server-timing': _timing, date: _date, ...same } = headers
    return { status, same, text }
  }
  t.same(await shape('nobody-here@example.com'), await shape(person.email))
  await resetMailedTo(person)
  const mailed = (await eventsOf(service, PasswordResetRequested)).map(({ email }) => email)
  t.notOk(mailed.includes('nobody-here@example.com'))
})

t.test('five mails an hour, and what a replica left behind is worked off by another', async t => {
  const person = await newPerson(service)
  const other = await service.replica()
  await context.transact(async ({ resets }) => {
    for (let i = 0; i < 8; i += 1) {
      const request = { id: crypto.randomUUID(), emailKey: person.email, traceparent: null, tracestate: null }
      await resets.request(request, clock())
    }
  })
  await Promise.all([context.resetMailer.run(), other.context.resetMailer.run()])
  const mails = (await eventsOf(service, PasswordResetRequested)).filter(({ email }) => email === person.email)
  t.ok(mails.length >= 5 && mails.length <= 6, `${mails.length}: two replicas may race by one`)
})

t.end()
