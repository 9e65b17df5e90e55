import { contractDocument } from '@portico/contracts'
import { userContract } from '@portico/contracts/user'
import t from 'tap'
import { newPerson, startService } from './service.ts'

const service = await startService(t)
const { call, operatorToken } = service

const nobody = '01980a5e-7c21-7000-8000-000000000001'
const fill = (url: string) => url.replace(':handle', 'nobody').replace(':id', nobody)

/** Somebody of each role, made by the operator. */
async function peopleByRole() {
  const people: [string, string | undefined][] = [['stranger', undefined]]
  for (const role of ['reader', 'author', 'moderator', 'admin']) {
    const person = await newPerson(service, role)
    await call('PATCH', `/v1/admin/users/${person.id}`, { as: operatorToken, body: { role } })
    people.push([role, person.accessToken])
  }
  return [...people, ['operator', operatorToken] as [string, string]]
}
const people = await peopleByRole()

for (const { method, url, policy, id } of contractDocument(userContract).operations) {
  if (policy.access === 'internal' || id === 'deleteMe' || id === 'endSession') continue
  t.test(`${id}: ${JSON.stringify(policy.access)}`, async t => {
    for (const [role, as] of people) {
      const options = method === 'GET' || method === 'DELETE' || method === 'PUT' ? { as } : { as, body: {} }
      const { status } = await call(method as 'GET', fill(url), options)
      t.equal(verdict(status), expected(policy.access, role), `${role}: ${status}`)
    }
  })
}

function expected(access: string | readonly string[], role: string) {
  if (access === 'public') return 'in'
  if (role === 'stranger') return 'sign in'
  return access === 'signed-in' || access.includes(role) ? 'in' : 'forbidden'
}

function verdict(status: number) {
  if (status === 401) return 'sign in'
  return status === 403 ? 'forbidden' : 'in'
}

t.test('a token that is not ours is no stranger’s', async t => {
  const headers = { authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' }
  t.match(await call('GET', '/v1/users/operator', { headers }), { status: 401, body: { code: 'not_signed_in' } })
})

const email = 'a@example.com'
const password = 'marmot under the violet sofa'
const signUp = { email, password, handle: 'abc', name: 'A' }
const wrong: [string, 'POST' | 'PATCH' | 'GET' | 'DELETE' | 'PUT', string, unknown, number, string, string?][] = [
  ['malformed JSON', 'POST', '/v1/users', '{"email":', 400, 'malformed_body'],
  ['no body', 'POST', '/v1/users', undefined, 400, 'invalid_input'],
  ['a field missing', 'POST', '/v1/users', { ...signUp, handle: undefined }, 400, 'invalid_input', '#/handle'],
  ['an unknown field', 'POST', '/v1/users', { ...signUp, role: 'admin' }, 400, 'invalid_input', '#/role'],
  ['a wrong type', 'POST', '/v1/users', { ...signUp, name: 7 }, 400, 'invalid_input', '#/name'],
  ['a blank name', 'POST', '/v1/users', { ...signUp, name: '  ' }, 400, 'invalid_input', '#/name'],
  [
    'a name of two lines',
    'POST',
    '/v1/users',
    { ...signUp, name: 'A\r\nBcc: b@c.example' },
    400,
    'invalid_input',
    '#/name',
  ],
  ['a NUL in the name', 'POST', '/v1/users', { ...signUp, name: 'A\u0000' }, 400, 'invalid_input', '#/name'],
  ['no address', 'POST', '/v1/users', { ...signUp, email: 'nobody' }, 400, 'invalid_input', '#/email'],
  [
    'two addresses',
    'POST',
    '/v1/users',
    { ...signUp, email: 'a@b.example\r\nb@c.example' },
    400,
    'invalid_input',
    '#/email',
  ],
  ['a handle in capitals', 'POST', '/v1/users', { ...signUp, handle: 'ABC' }, 400, 'invalid_input', '#/handle'],
  ['a short password', 'POST', '/v1/users', { ...signUp, password: 'short' }, 400, 'invalid_input', '#/password'],
  [
    'an endless password',
    'POST',
    '/v1/users',
    { ...signUp, password: 'x'.repeat(1_025) },
    400,
    'invalid_input',
    '#/password',
  ],
  ['a locale of no language', 'POST', '/v1/users', { ...signUp, locale: '../en' }, 400, 'invalid_input', '#/locale'],
  ['too large', 'POST', '/v1/users', { ...signUp, name: 'x'.repeat(20_000) }, 413, 'body_too_large'],
  ['neither token nor code', 'POST', '/v1/users/verify', { email }, 400, 'invalid_input', '#/token'],
  ['a code of letters', 'POST', '/v1/users/verify', { email, code: 'abcdef' }, 400, 'invalid_input', '#/code'],
  ['no token of ours', 'POST', '/v1/users/verify', { token: 'ptv_nothing' }, 422, 'verification_invalid'],
  ['no password', 'POST', '/v1/sessions', { email }, 400, 'invalid_input', '#/password'],
  ['another mode', 'POST', '/v1/sessions', { email, password, mode: 'both' }, 400, 'invalid_input', '#/mode'],
  ['a refresh of nothing', 'POST', '/v1/sessions/refresh', { refreshToken: 'ptr_nothing' }, 401, 'refresh_invalid'],
  [
    'a reset of nothing',
    'POST',
    '/v1/password-resets/confirm',
    { token: 'ptp_nothing', newPassword: password },
    422,
    'reset_invalid',
  ],
  ['an unknown handle', 'GET', '/v1/users/nobody', undefined, 404, 'user_not_found'],
  ['an impossible handle', 'GET', '/v1/users/No%20Body', undefined, 400, 'invalid_input', '#/handle'],
  ['a bad cursor', 'GET', '/v1/users/operator/followers?cursor=x', undefined, 400, 'invalid_cursor'],
  ['a limit too high', 'GET', '/v1/users/operator/followers?limit=101', undefined, 400, 'invalid_input', '#/limit'],
  ['an unknown route', 'GET', '/v1/nothing', undefined, 404, 'route_not_found'],
  ['a wrong method', 'PUT', '/v1/users', {}, 405, 'method_not_allowed'],
]
for (const [what, method, url, body, status, code, pointer] of wrong) {
  t.test(`${what}: ${status} ${code}`, async t => {
    const answer = await call(method, url, { body })
    t.match(answer, { status, headers: { 'content-type': /application\/problem\+json/ }, body: { code, status } })
    if (pointer) t.match(answer.body.errors, [{ pointer }])
  })
}

t.test('wrong input of whoever is signed in', async t => {
  const { accessToken: as } = await newPerson(service)
  const cases: [Parameters<typeof call>, number, string, string?][] = [
    [['DELETE', '/v1/sessions/nothing', { as }], 400, 'invalid_input', '#/id'],
    [['PATCH', '/v1/me', { as, body: {} }], 400, 'invalid_input'],
    [['PATCH', '/v1/me', { as, body: { role: 'admin' } }], 400, 'invalid_input', '#/role'],
    [['PATCH', '/v1/me', { as, body: { avatarFileId: 'x' } }], 400, 'invalid_input', '#/avatarFileId'],
    [['PATCH', '/v1/me', { as, body: { bio: 'x'.repeat(1_001) } }], 400, 'invalid_input', '#/bio'],
    [['PATCH', '/v1/me', { as, body: { bio: '\u0000' } }], 400, 'invalid_input', '#/bio'],
    [['PATCH', '/v1/me', { as, body: '{' }], 400, 'malformed_body'],
    [['GET', '/v1/admin/users?q=%00', { as: operatorToken }], 400, 'invalid_input', '#/q'],
    [['GET', '/v1/sessions?cursor=nonsense', { as }], 400, 'invalid_cursor'],
    [['PATCH', '/v1/admin/users/x', { as: operatorToken, body: { role: 'reader' } }], 400, 'invalid_input', '#/id'],
    [
      ['PATCH', `/v1/admin/users/${nobody}`, { as: operatorToken, body: { role: 'operator' } }],
      400,
      'invalid_input',
      '#/role',
    ],
    [['GET', '/v1/admin/users?role=king', { as: operatorToken }], 400, 'invalid_input', '#/role'],
    [['GET', '/v1/admin/audit?cursor=x', { as: operatorToken }], 400, 'invalid_cursor'],
  ]
  for (const [given, status, code, pointer] of cases) {
    const answer = await call(...given)
    t.match(answer, { status, body: { code } }, `${given[0]} ${given[1]}`)
    if (pointer) t.match(answer.body.errors, [{ pointer }])
  }
})

t.end()
