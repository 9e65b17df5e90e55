import { test } from 'tap'
import { seeded, simulate } from '../../../test/simulation.ts'

// One request in a hundred costs a hundred times as much as the others.
function mixed(seed: number) {
  const random = seeded(seed)
  return { slots: 2, serviceMs: () => (random() < 0.01 ? 100 : 1) }
}

test('requests of very different cost: nobody stands behind the long ones', t => {
  const load = { perSecond: 1_800, seconds: 30, seed: 5 }
  const ours = simulate({ ...load, strategy: 'least-requests', replicas: [1, 2, 3].map(mixed) })
  const turns = simulate({ ...load, strategy: 'round-robin', replicas: [1, 2, 3].map(mixed) })
  t.ok(ours.p50Ms < turns.p50Ms, `${ours.p50Ms} ms, round robin ${turns.p50Ms} ms`)
  t.ok(ours.p99Ms < turns.p99Ms * 0.8, `${ours.p99Ms} ms, round robin ${turns.p99Ms} ms`)
  t.end()
})

test('a replica that fails fast looks idle, but is not stormed', t => {
  const { failures } = simulate({
    strategy: 'least-requests',
    perSecond: 500,
    seconds: 30,
    seed: 5,
    replicas: [0, 1, 2].map(index => ({ serviceMs: () => 10, slots: 4, fails: atMs => index === 2 && atMs > 10_000 })),
  })
  t.ok(failures < 200, `${failures} of 10,000`)
  t.end()
})

test('weights are kept', t => {
  const { shares } = simulate({
    strategy: 'least-requests',
    perSecond: 1_000,
    seconds: 30,
    seed: 5,
    replicas: [1, 3].map(weight => ({ serviceMs: () => 10, slots: 50, weight })),
  })
  const [one = 0, three = 0] = shares
  t.ok(three / one > 2.4 && three / one < 3.6, `${shares}`)
  t.end()
})
