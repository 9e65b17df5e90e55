import { test } from 'tap'
import { foundAt, upstreamOptions } from '../../test/forward-harness.ts'
import { nobody } from './balancer.ts'
import { createUpstream, type UpstreamOptions } from './upstream.ts'

const always = () => true
const request = { explain: false }

function upstreamWith(count: number, more: Partial<UpstreamOptions> = {}) {
  const clock = { nowMs: 1_000 }
  const upstream = createUpstream('test', {
    ...upstreamOptions,
    strategy: 'round-robin',
    clock: () => clock.nowMs,
    ...more,
  })
  for (let index = 0; index < count; index += 1) upstream.put(foundAt(`http://127.0.0.1:${index + 1}`, `r${index}`))
  const picked = (times = 60) => {
    const seen = new Set<string>()
    for (let round = 0; round < times; round += 1) {
      const pick = upstream.pick(always, request, nobody)
      if (pick !== null) seen.add(pick.replica.id)
    }
    return [...seen].sort()
  }
  const replica = (id: string) => {
    const found = upstream.replicas.find(one => one.id === id)
    if (found === undefined) throw new Error(`no ${id}`)
    return found
  }
  const fail = (id: string, times: number) => {
    for (let round = 0; round < times; round += 1) upstream.report(replica(id), { latencyMs: 1, kind: 'failure' })
  }
  return { upstream, clock, picked, replica, fail }
}

test('who fails five times in a row is set aside, for longer each time', t => {
  const { clock, picked, replica, fail } = upstreamWith(3)
  fail('r0', 4)
  t.same(picked(), ['r0', 'r1', 'r2'])
  fail('r0', 1)
  t.same(picked(), ['r1', 'r2'])
  clock.nowMs += 2_001
  t.same(picked(), ['r0', 'r1', 'r2'], 'let in again')
  fail('r0', 5)
  clock.nowMs += 2_001
  t.same(picked(), ['r1', 'r2'], 'the second time lasts twice as long')
  t.equal(replica('r0').stats.ejections, 2)
  t.end()
})

test('never more than half is set aside, and a single replica never', t => {
  const four = upstreamWith(4)
  for (const id of ['r0', 'r1', 'r2', 'r3']) four.fail(id, 20)
  t.equal(four.picked().length, 2)
  const one = upstreamWith(1)
  one.fail('r0', 20)
  t.same(one.picked(), ['r0'])
  t.end()
})

test('panic: when too few are in order, suspicion is dropped before the dead are asked', t => {
  const { upstream, picked, replica, fail } = upstreamWith(4)
  upstream.setHealth(replica('r0'), 'unhealthy')
  upstream.setHealth(replica('r1'), 'unhealthy')
  t.same(picked(), ['r2', 'r3'])
  fail('r2', 20)
  t.same(picked(), ['r2', 'r3'], 'one of four is in order: the suspect takes part again')
  upstream.setHealth(replica('r2'), 'unhealthy')
  upstream.setHealth(replica('r3'), 'unhealthy')
  t.same(picked(), ['r0', 'r1', 'r2', 'r3'], 'rather the sick than nobody')
  t.end()
})

test('draining replicas get nothing new, unless there is nobody else', t => {
  const { upstream, picked } = upstreamWith(2)
  upstream.put({ ...foundAt('http://127.0.0.1:1', 'r0'), draining: true })
  t.same(picked(), ['r1'])
  upstream.remove('r1')
  t.same(picked(), ['r0'])
  t.end()
})

test('a route goes only to those that have it', t => {
  const { upstream } = upstreamWith(2)
  upstream.put(foundAt('http://127.0.0.1:9', 'new', { version: '2.0.0' }))
  const newRoute = (replica: { version: string }) => replica.version === '2.0.0'
  for (let round = 0; round < 10; round += 1) {
    t.equal(upstream.pick(newRoute, request, nobody)?.replica.id, 'new')
  }
  t.equal(
    upstream.pick(() => false, request, nobody),
    null,
  )
  t.end()
})

test('the own zone first; the others when half of it is missing, or was tried', t => {
  const { upstream, picked, replica } = upstreamWith(0, { zone: 'here' })
  for (const [id, zone] of [
    ['a', 'here'],
    ['b', 'here'],
    ['c', 'here'],
    ['d', 'there'],
  ] as const) {
    upstream.put(foundAt(`http://127.0.0.1:1`, id, { zone }))
  }
  t.same(picked(), ['a', 'b', 'c'])
  t.equal(upstream.pick(always, request, new Set(['a', 'b', 'c']))?.replica.id, 'd')
  upstream.setHealth(replica('a'), 'unhealthy')
  t.same(picked(), ['b', 'c'])
  upstream.setHealth(replica('b'), 'unhealthy')
  t.same(picked(), ['c', 'd'])
  t.end()
})

test('operators order weights, drains and splits; an order outlives the process', t => {
  const { upstream, picked } = upstreamWith(2)
  t.ok(upstream.orderWeight('r0', 0))
  t.same(picked(), ['r1'])
  upstream.put({ ...foundAt('http://127.0.0.1:77', 'r0'), startedAt: 'later' })
  t.same(picked(), ['r1'], 'the process of that name started again')
  upstream.orderWeight('r0', null)
  t.ok(upstream.orderDrain('r1', true))
  t.same(picked(), ['r0'])
  upstream.orderDrain('r1', null)
  t.notOk(upstream.orderWeight('nobody', 1))

  upstream.put(foundAt('http://127.0.0.1:9', 'canary', { version: '2.0.0' }))
  upstream.orderSplit({ '1.0.0': 90, '2.0.0': 10 })
  const counts: Record<string, number> = {}
  for (let round = 0; round < 1_000; round += 1) {
    const id = upstream.pick(always, request, nobody)?.replica.id ?? ''
    counts[id] = (counts[id] ?? 0) + 1
  }
  t.same(counts, { r0: 450, r1: 450, canary: 100 })
  t.match(upstream.snapshot(), { split: { '2.0.0': 10 }, replicas: [{ id: 'r0' }, { id: 'r1' }, { id: 'canary' }] })
  t.end()
})

test('another start, address, version or contract is another replica', t => {
  const { upstream, replica } = upstreamWith(1)
  const before = replica('r0')
  before.stats.failures = 7
  t.equal(upstream.put(foundAt('http://127.0.0.1:1', 'r0', { weight: 3 })), before, 'the same, with another weight')
  t.equal(before.weight, 3)
  const after = upstream.put({ ...foundAt('http://127.0.0.1:1', 'r0'), startedAt: 'later' })
  t.not(after, before)
  t.equal(after.stats.failures, 0)
  t.ok(before.pool.closed)
  t.end()
})

test('scores are told when asked for', t => {
  for (const strategy of ['peak-ewma', 'least-requests', 'round-robin', 'consistent-hash'] as const) {
    const { upstream } = upstreamWith(3, { strategy })
    const pick = upstream.pick(always, { explain: true, hashKey: 'me' }, nobody)
    t.same(
      pick?.scores.map(score => score.id),
      ['r0', 'r1', 'r2'],
      strategy,
    )
    t.same(upstream.pick(always, request, nobody)?.scores, [])
  }
  t.end()
})
