import t from 'tap'
import { countersOf, longestWaitMs, waitAfter } from './attempts.ts'

t.test('the first tries are free, then each waits twice as long', async t => {
  t.same(
    [1, 9, 10, 11, 12].map(count => waitAfter(count, 10)),
    [0, 0, 1_000, 2_000, 4_000],
  )
  t.equal(waitAfter(10_000, 10), longestWaitMs)
})

t.test('a place and an account are counted apart; case is no other account', async t => {
  const keys = (email: string, place: string | null) => countersOf(email, place).map(({ key }) => key.toString('hex'))
  const [here, account] = keys('A@example.com', '192.0.2.1')
  const [there, same] = keys('a@example.com', '192.0.2.2')
  t.not(here, there)
  t.equal(account, same)
  t.equal(keys('b@example.com', null).includes(account ?? ''), false)
})
