import { test } from 'tap'
import { foundAt } from '../../../test/forward-harness.ts'
import { simulate } from '../../../test/simulation.ts'
import { createBalancer, nobody } from '../balancer.ts'
import { createReplica, type Replica } from '../replica.ts'

const options = { clock: () => 0, random: Math.random, slowStartMs: 0 }
const replicas = ['a', 'b', 'c', 'd'].map(id => createReplica('test', foundAt('http://127.0.0.1:1', id), 0))
const keys = Array.from({ length: 2_000 }, (_, index) => `user-${index}`)

function homes(among: readonly Replica[]): Map<string, string> {
  const balancer = createBalancer('consistent-hash', options)
  return new Map(
    keys.map(key => [key, balancer.pick(among, { hashKey: key, explain: false }, nobody)?.replica.id ?? '']),
  )
}

test('one caller, one replica; callers are spread evenly', t => {
  const first = homes(replicas)
  t.same(first, homes(replicas))
  for (const { id } of replicas) {
    const count = [...first.values()].filter(home => home === id).length
    t.ok(count > 400 && count < 600, `${id}: ${count}`)
  }
  t.end()
})

test('a replica that leaves moves only its own callers', t => {
  const before = homes(replicas)
  const after = homes(replicas.slice(0, 3))
  for (const key of keys) if (before.get(key) !== 'd') t.equal(after.get(key), before.get(key))
  t.end()
})

test('a loud caller spills over, and nobody carries more than its bound', t => {
  const balancer = createBalancer('consistent-hash', options)
  const three = ['a', 'b', 'c'].map(id => createReplica('test', foundAt('http://127.0.0.1:1', id), 0))
  for (let sent = 0; sent < 90; sent += 1) {
    const pick = balancer.pick(three, { hashKey: 'the loud one', explain: false }, nobody)
    if (pick !== null) pick.replica.inFlight += 1
  }
  const loads = three.map(replica => replica.inFlight)
  t.ok(Math.max(...loads) <= Math.ceil(30 * 1.25), `${loads}`)
  t.ok(Math.min(...loads) > 0, `${loads}`)
  t.end()
})

test('in a run with many callers each meets few replicas, at latencies like those of the others', t => {
  const load = {
    perSecond: 600,
    seconds: 30,
    seed: 9,
    replicas: [10, 10, 10].map(ms => ({ serviceMs: () => ms, slots: 4 })),
  }
  const ours = simulate({ ...load, strategy: 'consistent-hash', keys: random => `user-${Math.floor(random() * 300)}` })
  const turns = simulate({ ...load, strategy: 'round-robin' })
  const met = [...ours.met.values()].reduce((sum, seen) => sum + seen.size, 0) / ours.met.size
  t.ok(ours.p99Ms < turns.p99Ms * 2, `${ours.p99Ms} ms`)
  t.ok(met <= 3, `${met} replicas for a caller`)
  const homesShare = Math.max(...ours.shares) / Math.min(...ours.shares)
  t.ok(homesShare < 1.5, `${ours.shares}`)
  t.end()
})
