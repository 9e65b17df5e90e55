import fc from 'fast-check'
import { test } from 'tap'
import { createRateWindow } from './rate-window.ts'

test('within one window it counts exactly', async t => {
  const window = createRateWindow({ windowMs: 1_000, mostKeys: 10 })
  t.equal(window.add('a', 5_000), 1)
  t.equal(window.add('a', 5_999), 2)
  t.equal(window.add('b', 5_500), 1)
})

test('the window before counts for the part that is still within reach', async t => {
  const window = createRateWindow({ windowMs: 1_000, mostKeys: 10 })
  for (let count = 0; count < 10; count += 1) window.add('a', 5_000)
  t.equal(window.used('a', 6_250), 10 * 0.75)
  t.equal(window.add('a', 6_250), 1 + 10 * 0.75)
  t.equal(window.used('a', 6_250), 1 + 10 * 0.75, 'to look counts nothing')
  t.equal(window.used('a', 8_500), 0)
  t.equal(window.add('a', 8_500), 1, 'what lies further back is forgotten')
})

test('whatever the times are, a burst over twice the rule is never let through within a window', async t => {
  const most = 10
  const property = fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 200 }), gaps => {
    const window = createRateWindow({ windowMs: 1_000, mostKeys: 10 })
    let nowMs = 0
    const admitted: number[] = []
    for (const gap of gaps) {
      nowMs += gap
      if (window.add('a', nowMs) <= most) admitted.push(nowMs)
    }
    return admitted.every(at => admitted.filter(other => other >= at && other < at + 1_000).length <= 2 * most)
  })
  t.doesNotThrow(() => fc.assert(property))
})

test('keys are bounded: who has not come for longest is forgotten', async t => {
  const window = createRateWindow({ windowMs: 1_000, mostKeys: 2 })
  window.add('a', 0)
  window.add('b', 0)
  window.add('c', 0)
  t.equal(window.size, 2)
  t.equal(window.add('a', 0), 1)
})

test('what others counted counts, once, in the window it was counted in', async t => {
  const here = createRateWindow({ windowMs: 1_000, mostKeys: 10 })
  const there = createRateWindow({ windowMs: 1_000, mostKeys: 10 })
  for (let count = 0; count < 3; count += 1) there.add('a', 5_100)
  const unsent = there.takeUnsent()
  t.same(unsent, [['a', 5_000, 3]])
  t.same(there.takeUnsent(), [])
  for (const [key, startMs, count] of unsent) here.addForeign(key, startMs, count, 5_200)
  t.equal(here.add('a', 5_300), 4)
  for (const [key, startMs, count] of unsent) here.addForeign(key, startMs, count, 7_000)
  t.equal(here.add('a', 7_000), 1, 'too late')
  t.same(here.takeUnsent(), [['a', 7_000, 1]], 'and is not told again')
})
