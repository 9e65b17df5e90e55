import { test } from 'tap'
import { simulate } from '../../../test/simulation.ts'

const replica = (serviceMs: number) => ({ serviceMs: () => serviceMs, slots: 4 })
const three = { perSecond: 500, seconds: 40, seed: 3, replicas: [10, 10, 10].map(replica) }

test('one of three replicas ten times slower is not noticed', t => {
  const healthy = simulate({ ...three, strategy: 'peak-ewma' })
  const lame = { ...three, replicas: [10, 10, 100].map(replica) }
  const ours = simulate({ ...lame, strategy: 'peak-ewma' })
  const turns = simulate({ ...lame, strategy: 'round-robin' })
  const least = simulate({ ...lame, strategy: 'least-requests' })
  t.ok(ours.p99Ms < healthy.p99Ms * 1.5, `${ours.p99Ms} ms, ${healthy.p99Ms} ms when healthy`)
  t.ok(turns.p99Ms > healthy.p99Ms * 100, `round robin: ${turns.p99Ms} ms`)
  t.ok(least.p99Ms > healthy.p99Ms * 5, `least requests: ${least.p99Ms} ms`)
  t.end()
})

test('a replica that becomes slow loses its share within a few answers, and gets it back', t => {
  const { p999Ms, shares } = simulate({
    ...three,
    strategy: 'peak-ewma',
    seconds: 120,
    replicas: [replica(10), replica(10), { slots: 4, serviceMs: atMs => (atMs > 20_000 && atMs < 40_000 ? 100 : 10) }],
  })
  t.ok(p999Ms < 30, `${p999Ms} ms`)
  const [first = 0, , third = 0] = shares
  t.ok(third > first * 0.6, `${shares}`)
  t.end()
})

test('hedges rescue from the slow one without hiding it from the balancer', t => {
  for (const perSecond of [100, 500]) {
    const load = { ...three, perSecond, seconds: 60_000 / perSecond, strategy: 'peak-ewma', hedges: true } as const
    const healthy = simulate(load)
    const lame = simulate({ ...load, replicas: [10, 10, 100].map(replica) })
    const slowShare = (lame.shares[2] ?? 0) / 60_000
    t.ok(slowShare < 0.003, `${perSecond}/s: ${(slowShare * 100).toFixed(2)}% to the slow one`)
    t.ok(lame.p99Ms < healthy.p99Ms * 1.5, `${perSecond}/s: ${lame.p99Ms} ms, ${healthy.p99Ms} ms when healthy`)
    t.ok(lame.p999Ms < 50, `${perSecond}/s: p99.9 ${lame.p999Ms} ms: who meets the slow one is rescued`)
  }
  t.end()
})

test('a slow replica that nobody knows yet is found out though no answer of it is ever waited for', t => {
  const { shares } = simulate({
    ...three,
    strategy: 'peak-ewma',
    hedges: true,
    replicas: [replica(10), replica(10), { ...replica(100), fromMs: 5_000 }],
  })
  t.ok((shares[2] ?? 0) < 100, `${shares}`)
  t.end()
})

test('a replica whose requests were rescued gets its share back within seconds of its recovery', t => {
  const recovering = { slots: 4, serviceMs: (atMs: number) => (atMs > 20_000 && atMs < 40_000 ? 100 : 10) }
  const replicas = [replica(10), replica(10), recovering]
  const gotAfter = (seconds: number) =>
    simulate({ ...three, replicas, seconds, strategy: 'peak-ewma', hedges: true }).shares[2] ?? 0
  const got = gotAfter(52) - gotAfter(50)
  t.ok(got > ((2 * three.perSecond) / 3) * 0.8, `${got} requests in two seconds, ten seconds later`)
  t.end()
})

test('hedges do not make busy replicas busier', t => {
  const busy = {
    ...three,
    perSecond: 720,
    seconds: 80,
    strategy: 'peak-ewma',
    replicas: [10, 10].map(replica),
  } as const
  const without = simulate(busy)
  const hedged = simulate({ ...busy, hedges: true })
  t.ok(hedged.hedges < busy.perSecond * busy.seconds * 0.01, `${hedged.hedges} hedges`)
  t.ok(hedged.p99Ms < without.p99Ms * 1.2, `${hedged.p99Ms} ms, ${without.p99Ms} ms without any`)
  t.end()
})

test('at nine tenths of what the others can do, the slow one is still left alone', t => {
  const busy = { ...three, perSecond: 720 }
  const without = simulate({ ...busy, strategy: 'peak-ewma', replicas: [10, 10].map(replica) })
  const ours = simulate({ ...busy, strategy: 'peak-ewma', replicas: [10, 10, 100].map(replica) })
  t.ok(ours.p99Ms < without.p99Ms * 1.25, `${ours.p99Ms} ms, ${without.p99Ms} ms if it did not exist`)
  t.end()
})

test('failing fast attracts nothing', t => {
  const fails = (atMs: number) => atMs > 10_000
  const { failures } = simulate({
    ...three,
    strategy: 'peak-ewma',
    replicas: [replica(10), replica(10), { ...replica(10), fails }],
  })
  t.ok(failures < 30, `${failures} of 15,000 requests went where all fail`)
  t.end()
})

test('no identical replica starves, busy or quiet', t => {
  for (const perSecond of [5, 50, 500]) {
    const { shares } = simulate({ ...three, perSecond, seconds: 15_000 / perSecond, strategy: 'peak-ewma' })
    for (const share of shares) t.ok(share > 15_000 / 3 / 1.5, `${perSecond}/s: ${shares}`)
  }
  t.end()
})

test('short pauses of a process are stepped around', t => {
  const pausing = (every: number) => {
    let count = 0
    return () => {
      count += 1
      return count % every === 0 ? 60 : 1
    }
  }
  const replicas = [1_999, 2_003, 2_011].map(every => ({ slots: 2, serviceMs: pausing(every) }))
  const ours = simulate({ ...three, replicas, perSecond: 3_600, strategy: 'peak-ewma' })
  const turns = simulate({ ...three, replicas, perSecond: 3_600, strategy: 'round-robin' })
  t.ok(ours.p99Ms < turns.p99Ms / 1.5, `${ours.p99Ms} ms, round robin ${turns.p99Ms} ms`)
  t.end()
})

test('weights are kept', t => {
  const { shares } = simulate({
    ...three,
    strategy: 'peak-ewma',
    perSecond: 800,
    replicas: [1, 2].map(weight => ({ serviceMs: () => 10, slots: 8 * weight, weight })),
  })
  const [one = 0, two = 0] = shares
  t.ok(two / one > 1.5 && two / one < 2.5, `${shares}`)
  t.end()
})

test('a newcomer is not stormed', t => {
  const { shares } = simulate({
    ...three,
    strategy: 'peak-ewma',
    seconds: 22,
    slowStartMs: 10_000,
    replicas: [replica(10), replica(10), { ...replica(10), fromMs: 20_000 }],
  })
  const [, , newcomer = 0] = shares
  t.ok(newcomer > 10, 'it gets something')
  t.ok(newcomer < (2 * 500) / 3 / 2, `${newcomer} requests in its first two seconds`)
  t.end()
})
