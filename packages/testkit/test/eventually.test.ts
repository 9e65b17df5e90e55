import { eventually } from '@portico/testkit'
import t from 'tap'

t.test('answers as soon as it is true', async t => {
  let tries = 0
  const answer = await eventually(
    () => {
      tries += 1
      if (tries === 1) return false
      if (tries === 2) throw new Error('not yet')
      return 'now'
    },
    { everyMs: 1 },
  )
  t.equal(answer, 'now')
  t.equal(tries, 3)
  t.equal(await eventually(async () => 0), 0, 'only false is false')
})

t.test('gives up, and says what was wrong last', async t => {
  const from = performance.now()
  await t.rejects(
    eventually(() => Promise.reject(new Error('the third is missing')), { withinMs: 50, everyMs: 5 }),
    { message: 'not within 50 ms: the third is missing', cause: { message: 'the third is missing' } },
  )
  const endless = eventually(() => new Promise(() => {}), { withinMs: 50 })
  await t.rejects(endless, { message: 'not within 50 ms: the attempt did not end' })
  t.ok(performance.now() - from < 1_000)
})
