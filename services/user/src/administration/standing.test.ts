import t from 'tap'
import { newAccount } from '../accounts/account.ts'
import { changeStanding, recordsOf } from './standing.ts'

const now = new Date('2026-11-23T12:00:00.000Z')
const id = (last: number) => `01980a5e-7c21-7000-8000-00000000000${last}`
const account = (role: 'author' | 'admin' | 'operator') =>
  newAccount({ id: id(1), email: null, handle: 'a', name: 'A', passwordHash: null, role }, now)
const admin = { userId: id(2), role: 'admin' } as const
const operator = { userId: id(3), role: 'operator' } as const

t.test('an admin suspends and reinstates, and it is recorded', async t => {
  const before = account('author')
  const suspended = changeStanding(before, { suspended: true }, admin, now)
  t.equal(suspended.status, 'suspended')
  t.match(recordsOf(before, suspended, { suspended: true, reason: 'spam' }, admin), [
    { actorId: admin.userId, action: 'account.suspended', subjectId: before.id, details: { reason: 'spam' } },
  ])
  t.equal(changeStanding(suspended, { suspended: false }, admin, now).status, 'active')
  t.equal(changeStanding(before, { suspended: false }, admin, now), before, 'nothing to do')
})

t.test('nobody changes themselves or the operator; only the operator makes and unmakes admins', async t => {
  const refused = { code: 'account_protected' }
  t.throws(() => changeStanding(account('author'), { role: 'moderator' }, { ...admin, userId: id(1) }, now), refused)
  t.throws(() => changeStanding(account('operator'), { suspended: true }, operator, now), refused)
  t.throws(() => changeStanding(account('operator'), { suspended: true }, admin, now), refused)
  t.throws(() => changeStanding(account('author'), { role: 'admin' }, admin, now), refused)
  t.throws(() => changeStanding(account('admin'), { suspended: true }, admin, now), refused)
  t.equal(changeStanding(account('author'), { role: 'admin' }, operator, now).role, 'admin')
  t.equal(changeStanding(account('admin'), { role: 'reader' }, operator, now).role, 'reader')
})
