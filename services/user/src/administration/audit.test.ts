import t from 'tap'
import { type AuditRowData, chain, follows } from './audit.ts'

const at = new Date('2026-11-23T12:00:00.000Z')
const record = (action: string) => ({ actorId: null, action, subjectId: null, details: { b: 1, a: 'x' } })
const first = chain(null, record('one'), at)
const second = chain(first, record('two'), at)

t.test('each row is bound to the one before it', async t => {
  t.ok(follows(null, first))
  t.ok(follows(first, second))
  t.equal(first.details, '{"a":"x","b":1}', 'in one form, whatever the order')
})

const changes: [string, (row: AuditRowData) => AuditRowData][] = [
  ['time', row => ({ ...row, at: new Date(at.getTime() + 1) })],
  ['actor', row => ({ ...row, actorId: '01980a5e-7c21-7000-8000-000000000001' })],
  ['action', row => ({ ...row, action: 'other' })],
  ['subject', row => ({ ...row, subjectId: '01980a5e-7c21-7000-8000-000000000001' })],
  ['details', row => ({ ...row, details: '{"a":"y","b":1}' })],
  ['place', row => ({ ...row, sequence: 3 })],
  ['hash', row => ({ ...row, hash: Buffer.alloc(32) })],
  ['previous hash', row => ({ ...row, previousHash: Buffer.alloc(32) })],
]
for (const [what, change] of changes) {
  t.test(`another ${what} shows`, async t => t.notOk(follows(first, change(second))))
}

t.test('a row taken out shows at the next', async t => t.notOk(follows(null, second)))
