import { test } from 'tap'
import { seeded } from '../../test/simulation.ts'
import { breakerDefaults, createBreaker } from './breaker.ts'
import { createHedgeAllowance, hedgeAllowanceDefaults } from './hedge-allowance.ts'
import { hedgeAfterMs, newTrack, track, trackGivenUp } from './latency.ts'
import { createLimiter, limiterDefaults } from './limiter.ts'
import { createParking } from './parking.ts'
import { createRetryBudget, retryBudgetDefaults } from './retry-budget.ts'
import { createSweep, type Swept } from './sweep.ts'

function clockAt(nowMs = 1_000) {
  const time = { nowMs }
  return { time, clock: () => time.nowMs }
}

test('the retry budget: a fifth of the requests, and a little for the quiet', t => {
  const { time, clock } = clockAt()
  const budget = createRetryBudget({ clock, ...retryBudgetDefaults })
  const spend = () => {
    let spent = 0
    while (budget.withdraw()) spent += 1
    return spent
  }
  t.equal(spend(), 10)
  t.equal(spend(), 0)
  for (let count = 0; count < 100; count += 1) budget.deposit()
  t.ok(Math.abs(spend() - 20) <= 1)
  time.nowMs += 500
  t.equal(spend(), 5, 'ten a second come back by time')
  time.nowMs += 3_600_000
  t.equal(spend(), 10, 'an hour of quiet saves up one second')
  for (let count = 0; count < 1e6; count += 1) budget.deposit()
  t.ok(spend() <= retryBudgetDefaults.limit + 1)
  t.end()
})

test('hedges that win are free, hedges in vain are few', t => {
  const { limit, ratio } = hedgeAllowanceDefaults
  const allowance = createHedgeAllowance(hedgeAllowanceDefaults)
  let won = 0
  for (; won < 1_000 && allowance.withdraw(); won += 1) allowance.won()
  t.equal(won, 1_000)
  let lost = 0
  while (allowance.withdraw()) lost += 1
  t.equal(lost, limit)
  for (let count = 0; count < 10_000; count += 1) {
    allowance.deposit()
    if (allowance.withdraw()) lost += 1
  }
  t.ok(Math.abs(lost - limit - 10_000 * ratio) <= 1, `${lost} in vain`)
  t.end()
})

test('the breaker opens on volume and ratio, probes, and closes', t => {
  const { time, clock } = clockAt()
  const breaker = createBreaker({ clock, ...breakerDefaults })
  for (let count = 0; count < 19; count += 1) breaker.ended(true)
  t.equal(breaker.state, 'closed', 'nineteen are too few to conclude anything')
  breaker.ended(true)
  t.equal(breaker.state, 'open')
  t.ok(breaker.refusesForMs() > 900)
  time.nowMs += 1_001
  t.same(
    [0, 0, 0].map(() => breaker.refusesForMs()),
    [0, 0, 0],
    'three probes',
  )
  t.ok(breaker.refusesForMs() > 0, 'and no fourth')
  breaker.undecided()
  t.equal(breaker.refusesForMs(), 0, 'one left without telling: another may')
  breaker.ended(true)
  t.equal(breaker.state, 'open')
  t.ok(breaker.refusesForMs() > 1_900, 'twice as long')
  breaker.hope()
  t.equal(breaker.state, 'half-open', 'a replica came')
  for (let count = 0; count < 3; count += 1) {
    t.equal(breaker.refusesForMs(), 0)
    breaker.ended(false)
  }
  t.equal(breaker.state, 'closed')
  t.end()
})

test('the breaker stays closed while a good part succeeds', t => {
  const { time, clock } = clockAt()
  const breaker = createBreaker({ clock, ...breakerDefaults })
  for (let count = 0; count < 10_000; count += 1) {
    time.nowMs += 3
    breaker.ended(count % 5 < 2)
  }
  t.equal(breaker.state, 'closed')
  t.end()
})

const asItComes = (atMs: number) => atMs

/**
 * A service that works on `slots` at a time, 10 ms each, offered so many a second: what does the limiter let in, and how
 * long do those wait? Counted from `fromMs` on. `heardAtMs`: when we hear of what comes at a time.
 */
function overload(
  perSecond: (atMs: number) => number,
  slots: number,
  seconds: number,
  fromMs = 5_000,
  heardAtMs = asItComes,
) {
  const { time, clock } = clockAt(0)
  const random = seeded(11)
  const limiter = createLimiter({ clock, ...limiterDefaults })
  const done: { atMs: number; sentAtMs: number }[] = []
  const freeAtMs = new Array<number>(slots).fill(0)
  const waitedMs: number[] = []
  let served = 0
  let refused = 0
  const limits: number[] = []
  for (let dueMs = 0; dueMs < seconds * 1_000; dueMs += (-Math.log(1 - random()) * 1_000) / perSecond(dueMs)) {
    const nextMs = heardAtMs(dueMs)
    done.sort((a, b) => a.atMs - b.atMs)
    while (done[0] !== undefined && done[0].atMs <= nextMs) {
      const { atMs, sentAtMs } = done.shift() ?? { atMs: 0, sentAtMs: 0 }
      time.nowMs = atMs
      limiter.release()
      limiter.observe(atMs - sentAtMs)
      if (atMs > fromMs) {
        waitedMs.push(atMs - sentAtMs)
        served += 1
      }
    }
    time.nowMs = nextMs
    if (nextMs > fromMs) limits.push(limiter.limit)
    if (!limiter.admit()) {
      if (nextMs > fromMs) refused += 1
      continue
    }
    const slot = freeAtMs.indexOf(Math.min(...freeAtMs))
    const endMs = Math.max(nextMs, freeAtMs[slot] ?? 0) + 5 + 10 * random()
    freeAtMs[slot] = endMs
    done.push({ atMs: heardAtMs(endMs), sentAtMs: nextMs })
  }
  waitedMs.sort((a, b) => a - b)
  limits.sort((a, b) => a - b)
  return {
    goodput: served / (seconds - fromMs / 1_000),
    p99Ms: waitedMs[Math.floor(waitedMs.length * 0.99)] ?? 0,
    refused,
    limit: limiter.limit,
    /** Between which values the limit was for nine tenths of the time. */
    limits: [0.05, 0.95].map(part => limits[Math.floor(limits.length * part)] ?? 0),
  }
}

test('overload: what is let in is fast, and as much is served as can be', t => {
  const capacity = 32 * 100
  const calm = overload(() => capacity * 0.7, 32, 15)
  t.equal(calm.refused, 0)
  for (const times of [1.5, 5]) {
    const { goodput, p99Ms, limit } = overload(() => capacity * times, 32, 15)
    t.ok(goodput > capacity * 0.9, `${times} x: ${goodput.toFixed(0)} of ${capacity} served, limit ${limit}`)
    t.ok(p99Ms < 60, `${times} x: p99 ${p99Ms.toFixed(0)} ms, limit ${limit}`)
  }
  t.end()
})

test('overload: the limit keeps its place, and is not remembered when all is over', t => {
  const capacity = 32 * 100
  const { limits } = overload(() => capacity * 5, 32, 15)
  const [low = 0, high = 0] = limits
  t.ok(high < low * 1.5, `between ${low} and ${high}`)
  const over = (atMs: number) => capacity * (atMs < 10_000 ? 5 : 0.9)
  const { goodput, refused, p99Ms } = overload(over, 32, 30, 13_000)
  t.ok(goodput > capacity * 0.88, `${goodput.toFixed(0)} of ${capacity * 0.9} served from three seconds on`)
  t.ok(refused < capacity * 17 * 0.001, `${refused} refused`)
  t.ok(p99Ms < 60, `p99 ${p99Ms} ms`)
  t.end()
})

test('a burst after a pause of ours is no overload', t => {
  const capacity = 32 * 100
  const pauses = (atMs: number) => (atMs % 900 < 60 ? atMs - (atMs % 900) + 60 : atMs)
  const { goodput, refused } = overload(() => capacity * 0.8, 32, 60, 5_000, pauses)
  t.ok(refused < capacity * 0.8 * 55 * 0.0005, `${refused} of ${capacity * 0.8 * 55} refused`)
  t.ok(goodput > capacity * 0.79, `${goodput} of ${capacity * 0.8} served`)
  const over = overload(() => capacity * 5, 32, 15, 5_000, pauses)
  t.ok(over.p99Ms < 120, `in an overload nobody is let in for a pause: p99 ${over.p99Ms.toFixed(0)} ms`)
  t.ok(over.goodput > capacity * 0.9, `${over.goodput} of ${capacity} served`)
  t.end()
})

test('overload: a service of few slots has a short queue too', t => {
  const { goodput, p99Ms, limit } = overload(() => 800 * 5, 8, 15)
  t.ok(goodput > 800 * 0.9, `${goodput.toFixed(0)} of 800 served, limit ${limit}`)
  t.ok(p99Ms < 75, `p99 ${p99Ms.toFixed(0)} ms, limit ${limit}`)
  t.end()
})

test('a full limiter says so without taking anybody in', t => {
  const { clock } = clockAt()
  const limiter = createLimiter({ clock, ...limiterDefaults, initial: 2 })
  t.notOk(limiter.isFull())
  t.ok(limiter.admit())
  t.ok(limiter.admit())
  t.ok(limiter.isFull())
  t.equal(limiter.inFlight, 2)
  limiter.release()
  t.notOk(limiter.isFull())
  t.end()
})

test('a limit nobody comes near does not move', t => {
  const { time, clock } = clockAt()
  const limiter = createLimiter({ clock, ...limiterDefaults })
  for (let count = 0; count < 1_000; count += 1) {
    limiter.admit()
    time.nowMs += 10
    limiter.observe(count % 100 === 0 ? 500 : 5)
    limiter.release()
  }
  t.equal(limiter.limit, limiterDefaults.initial)
  t.equal(limiter.inFlight, 0)
  t.end()
})

test('the percentile is about right, and follows', t => {
  const random = seeded(2)
  const latency = newTrack()
  const feed = (scale: number) => {
    for (let count = 0; count < 20_000; count += 1) track(latency, -Math.log(1 - random()) * scale)
  }
  feed(10)
  const p98 = -Math.log(0.02) * 10
  t.ok(latency.p98Ms > p98 * 0.6 && latency.p98Ms < p98 * 1.6, `${latency.p98Ms}, ${p98}`)
  feed(100)
  t.ok(latency.p98Ms > p98 * 6 && latency.p98Ms < p98 * 16, `${latency.p98Ms}, ${p98 * 10}`)
  t.end()
})

test('a read is hedged once it is known what slow means, and who left early says nothing of it', t => {
  const latency = newTrack()
  for (let count = 0; count < 49; count += 1) track(latency, 30)
  t.equal(hedgeAfterMs(latency, 20), Number.POSITIVE_INFINITY)
  track(latency, 30)
  const afterMs = hedgeAfterMs(latency, 20)
  t.ok(afterMs > 25 && afterMs < 35, `${afterMs} ms`)
  for (let count = 0; count < 100; count += 1) trackGivenUp(latency, 1)
  t.equal(hedgeAfterMs(latency, 20), afterMs)
  trackGivenUp(latency, 100)
  t.ok(hedgeAfterMs(latency, 20) > afterMs)
  t.equal(hedgeAfterMs(latency, 1_000), 1_000)
  t.end()
})

test('parking is bounded, in order, and forgets who leaves', t => {
  const resumed: string[] = []
  const parking = createParking<string>(2, one => {
    resumed.push(one)
    if (one === 'b') parking.add('b')
  })
  t.ok(parking.add('a'))
  t.ok(parking.add('b'))
  t.notOk(parking.add('c'))
  parking.wake()
  t.same(resumed, ['a', 'b'])
  t.equal(parking.size, 1, 'who found nobody waits on')
  parking.remove('b')
  t.equal(parking.size, 0)
  t.end()
})

test('the sweep looks at everybody, and takes leavers in its stride', async t => {
  const sweep = createSweep(() => performance.now(), 5)
  t.teardown(() => sweep.close())
  const looked: number[] = []
  const swept = Array.from(
    { length: 5 },
    (_, index): Swept => ({
      before: null,
      after: null,
      look() {
        looked.push(index)
        for (const one of index === 1 ? [1, 2] : [index]) {
          const leaver = swept[one]
          if (leaver !== undefined) sweep.remove(leaver)
        }
      },
    }),
  )
  for (const one of swept) sweep.add(one)
  for (const one of swept) sweep.add(one)
  await new Promise(resolve => setTimeout(resolve, 60))
  t.same(looked.sort(), [0, 1, 3, 4])
})
