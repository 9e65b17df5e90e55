import t from 'tap'
import { changeAccount, newAccount, toActivated, toMe, toProfile } from './account.ts'
import { addressKey } from './address.ts'

const now = new Date('2026-11-23T12:00:00.000Z')
const later = new Date('2026-11-23T13:00:00.000Z')
const given = { email: 'Ada@Example.com', handle: 'ada', name: 'Ada', passwordHash: '$argon2id$secret' }
const account = newAccount({ id: '01980a5e-7c21-7000-8000-000000000001', ...given }, now)

t.test('a new account is live, may write, and is version 1', async t => {
  t.match(account, { status: 'active', role: 'author', locale: 'en', version: 1, changedAt: now })
})

t.test('a change that changes nothing is the very same account', async t => {
  t.equal(changeAccount(account, { name: 'Ada', bio: '' }, later), account)
  t.match(changeAccount(account, { bio: 'Counts' }, later), { bio: 'Counts', version: 2, changedAt: later })
})

t.test('the password leaves in no shape', async t => {
  for (const shown of [toMe(account), toProfile(account, null), toActivated(account)]) {
    t.notMatch(JSON.stringify(shown), /argon2/)
  }
  t.notMatch(JSON.stringify(toProfile(account, null)), /example/i, 'and the address not in public')
})

t.test('addresses that differ by case or composition are one', async t => {
  t.equal(addressKey('Ada@EXAMPLE.com'), addressKey('ada@example.COM'))
  t.equal(addressKey('caf\u00e9@example.com'), addressKey('cafe\u0301@example.com'))
})
