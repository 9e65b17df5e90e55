import t from 'tap'
import { createHasher } from './hasher.ts'

t.test('argon2id with the agreed cost; the same characters are the same password', async t => {
  const hasher = await createHasher()
  const stored = await hasher.hash('caf\u00e9 by the harbour')
  t.match(stored, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  t.equal(await hasher.verify(stored, 'cafe\u0301 by the harbour'), true, 'composed and decomposed')
  t.equal(await hasher.verify(stored, 'Caf\u00e9 by the harbour'), false)
})

t.test('no account: the work is done all the same, and nothing matches', async t => {
  const hasher = await createHasher()
  const before = hasher.computed()
  t.equal(await hasher.verify(null, 'marmot under the violet sofa'), false)
  t.equal(hasher.computed(), before + 1)
})

t.test('too many at once are refused, and those in the queue are not', async t => {
  const hasher = await createHasher({ concurrency: 1, queueLimit: 2 })
  const all = await Promise.allSettled(['one', 'two', 'three', 'four', 'five'].map(word => hasher.hash(word)))
  t.same(
    all.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'],
  )
  t.match(all[4], { reason: { code: 'overloaded', status: 503, headers: { 'retry-after': '1' } } })
  t.match(await hasher.hash('later'), /^\$argon2id/)
})
