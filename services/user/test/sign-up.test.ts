import { AccountActivated, SignUpRepeated, VerificationRequested } from '@portico/contracts/user'
import t from 'tap'
import { eventsOf, goodPassword, isSignedIn, newPerson, startService } from './service.ts'

const service = await startService(t)
const { call, clock, context } = service

let count = 0
const fresh = () => {
  const handle = `fresh${++count}`
  return { email: `${handle}@example.com`, handle, name: 'Fresh', password: goodPassword }
}
async function mailedTo(email: string) {
  const events = await eventsOf(service, VerificationRequested)
  const mailed = events.filter(event => event.email === email).at(-1)
  if (!mailed) throw new Error(`no mail to ${email}`)
  return mailed
}

t.test('sign up, read the mail, verify: a live account with a session', async t => {
  const given = { ...fresh(), locale: 'de-AT' }
  const asked = await call('POST', '/v1/users', { body: given })
  t.match(asked, { status: 202, body: { status: 'verification_sent' } })
  const mailed = await mailedTo(given.email)
  t.match(mailed, { token: /^ptv_/, code: /^\d{6}$/, locale: 'de-AT', name: 'Fresh' })

  const verified = await call('POST', '/v1/users/verify', { body: { token: mailed.token } })
  t.match(verified, { status: 200, body: { mode: 'token', user: { handle: given.handle, role: 'author' } } })
  t.ok(await isSignedIn(service, verified.body.accessToken))
  const [activated] = (await eventsOf(service, AccountActivated)).filter(event => event.handle === given.handle)
  t.match(activated, { userId: mailed.userId, email: given.email, locale: 'de-AT' })
})

t.test('verify in mode cookie sets the cookie', async t => {
  const given = fresh()
  await call('POST', '/v1/users', { body: given })
  const { email, code } = await mailedTo(given.email)
  const { status, headers, body } = await call('POST', '/v1/users/verify', { body: { email, code, mode: 'cookie' } })
  t.equal(status, 200)
  t.match(headers['set-cookie'], /^portico_session=ptc_[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/)
  t.equal(body.accessToken, undefined)
})

t.test('an address in use: the same status, body and headers, the same hash, another mail', async t => {
  const owner = await newPerson(service, 'owner')
  const compare = async (email: string) => {
    const before = context.hasher.computed()
    const { status, headers, text } = await call('POST', '/v1/users', { body: { ...fresh(), email } })
    const { 'server-timing': _trace, date: _date, ...same } = headers
    return { status, same, text, hashes: context.hasher.computed() - before }
  }
  const used = await compare(owner.email.toUpperCase())
  const unused = await compare('nobody-yet@example.com')
  t.same(used, unused)
  t.equal(used.hashes, 1)
  const repeated = await eventsOf(service, SignUpRepeated)
  t.match(repeated.at(-1), { userId: owner.id, email: owner.email })
})

t.test('a sign-up holds no handle: another one for it tells nothing of the first', async t => {
  const owner = await newPerson(service, 'holder')
  const handle = `wanted${Date.now().toString(36)}`
  for (const email of [owner.email, 'stranger-one@example.com', 'stranger-two@example.com']) {
    t.equal((await call('POST', '/v1/users', { body: { ...fresh(), handle, email } })).status, 202)
  }
})

t.test('two want one handle: the first to verify has it, the other chooses another', async t => {
  const [first, second] = [fresh(), fresh()].map(given => ({ ...given, handle: `both${count}` }))
  if (!first || !second) throw new Error('two')
  for (const body of [first, second]) await call('POST', '/v1/users', { body })
  const [one, two] = [await mailedTo(first.email), await mailedTo(second.email)]
  t.equal((await call('POST', '/v1/users/verify', { body: { token: one.token } })).status, 200)
  const late = await call('POST', '/v1/users/verify', { body: { token: two.token } })
  t.match(late, { status: 409, body: { code: 'handle_taken' } })
  const other = await call('POST', '/v1/users/verify', { body: { token: two.token, handle: `${first.handle}-2` } })
  t.match(other, { status: 200, body: { user: { handle: `${first.handle}-2` } } })
})

t.test('a taken handle is 409, and so is a reserved one', async t => {
  const { handle } = await newPerson(service, 'taken')
  for (const wanted of [handle, 'operator', 'admin']) {
    const { status, body } = await call('POST', '/v1/users', { body: { ...fresh(), handle: wanted } })
    t.match({ status, body }, { status: 409, body: { code: 'handle_taken' } })
  }
})

t.test('a code has five tries; the link works on', async t => {
  const given = fresh()
  await call('POST', '/v1/users', { body: given })
  const { email, code, token } = await mailedTo(given.email)
  const wrong = code === '000000' ? '000001' : '000000'
  const tries = await Promise.all(
    Array.from({ length: 5 }, () => call('POST', '/v1/users/verify', { body: { email, code: wrong } })),
  )
  for (const { status, body } of tries)
    t.match({ status, body }, { status: 422, body: { code: 'verification_invalid' } })
  const right = await call('POST', '/v1/users/verify', { body: { email, code } })
  t.match(right, { status: 422, body: { code: 'verification_invalid' } }, 'the right code, too late')
  t.equal((await call('POST', '/v1/users/verify', { body: { token } })).status, 200)
})

t.test('the fifth try may be the right one', async t => {
  const given = fresh()
  await call('POST', '/v1/users', { body: given })
  const { email, code } = await mailedTo(given.email)
  const wrong = code === '000000' ? '000001' : '000000'
  for (let i = 0; i < 4; i += 1) await call('POST', '/v1/users/verify', { body: { email, code: wrong } })
  t.equal((await call('POST', '/v1/users/verify', { body: { email, code } })).status, 200)
})

t.test('codes tell nothing of an address: none, pending, spent and live answer alike', async t => {
  const owner = await newPerson(service, 'live')
  const given = fresh()
  await call('POST', '/v1/users', { body: given })
  await call('POST', '/v1/users', { body: { ...fresh(), email: owner.email } })
  const { code } = await mailedTo(given.email)
  const wrong = code === '000000' ? '000001' : '000000'
  const answers = []
  for (const email of [given.email, owner.email, 'never-seen@example.com']) {
    for (let i = 0; i < 7; i += 1) {
      const { status, body } = await call('POST', '/v1/users/verify', { body: { email, code: wrong } })
      const { traceId: _trace, ...problem } = body
      answers.push(JSON.stringify({ status, problem }))
    }
  }
  t.equal(new Set(answers).size, 1)
})

t.test('a verification works once, and a day', async t => {
  const given = fresh()
  await call('POST', '/v1/users', { body: given })
  const { token } = await mailedTo(given.email)
  t.equal((await call('POST', '/v1/users/verify', { body: { token } })).status, 200)
  t.equal((await call('POST', '/v1/users/verify', { body: { token } })).status, 422)

  const slow = fresh()
  await call('POST', '/v1/users', { body: slow })
  const late = await mailedTo(slow.email)
  clock.advance(24 * 60 * 60_000 + 1)
  t.equal((await call('POST', '/v1/users/verify', { body: { token: late.token } })).status, 422)
})

t.test('an address gets five mails an hour, whoever asks', async t => {
  const given = fresh()
  for (let i = 0; i < 8; i += 1) t.equal((await call('POST', '/v1/users', { body: given })).status, 202)
  const mails = async () =>
    (await eventsOf(service, VerificationRequested)).filter(({ email }) => email === given.email)
  t.equal((await mails()).length, 5)
  clock.advance(60 * 60_000 + 1)
  await call('POST', '/v1/users', { body: given })
  t.equal((await mails()).length, 6)
})

t.test('a repeat with its key mails once', async t => {
  const given = fresh()
  const headers = { 'idempotency-key': 'sign-up-1' }
  const first = await call('POST', '/v1/users', { body: given, headers })
  const second = await call('POST', '/v1/users', { body: given, headers })
  t.same([first.status, second.status], [202, 202])
  t.equal(second.headers['idempotent-replayed'], 'true')
  const mails = (await eventsOf(service, VerificationRequested)).filter(({ email }) => email === given.email)
  t.equal(mails.length, 1)
})

t.test('weak passwords are refused with the field', async t => {
  const { status, body } = await call('POST', '/v1/users', { body: { ...fresh(), password: 'passwordpassword1' } })
  t.match({ status, body }, { status: 422, body: { code: 'password_rejected', errors: [{ pointer: '#/password' }] } })
})

t.end()
