import type { Access } from '@portico/contracts'
import t from 'tap'
import { mayCall } from './access.ts'
import type { Principal } from './principal.ts'

const as = (role: Principal['role']): Principal => ({
  userId: 'u',
  role,
  sessionId: 's',
  handle: 'h',
  scopes: null,
})

t.test('who may call', async t => {
  const cases: [Access, Principal | null, ReturnType<typeof mayCall>][] = [
    ['public', null, 'yes'],
    ['public', as('reader'), 'yes'],
    ['signed-in', null, 'sign-in'],
    ['signed-in', as('reader'), 'yes'],
    [['moderator', 'admin'], null, 'sign-in'],
    [['moderator', 'admin'], as('author'), 'forbidden'],
    [['moderator', 'admin'], as('admin'), 'yes'],
    // No role contains another: a list says all it means.
    [['moderator'], as('operator'), 'forbidden'],
    [[], as('operator'), 'forbidden'],
    ['internal', null, 'forbidden'],
    ['internal', as('operator'), 'forbidden'],
  ]
  for (const [access, principal, verdict] of cases) {
    t.equal(mayCall(access, principal), verdict, `${JSON.stringify(access)} as ${principal?.role ?? 'a stranger'}`)
  }
})
