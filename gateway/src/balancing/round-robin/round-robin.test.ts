import { test } from 'tap'
import { foundAt } from '../../../test/forward-harness.ts'
import { simulate } from '../../../test/simulation.ts'
import { createBalancer, nobody } from '../balancer.ts'
import { createReplica } from '../replica.ts'

const options = { clock: () => 0, random: () => 0, slowStartMs: 0 }
const replicaOf = (id: string, weight: number) =>
  createReplica('test', foundAt('http://127.0.0.1:1', id, { weight }), 0)

test('each in turn, the heavier ones in between', t => {
  const balancer = createBalancer('round-robin', options)
  const replicas = [replicaOf('a', 5), replicaOf('b', 1), replicaOf('c', 1)]
  const order = Array.from({ length: 14 }, () => balancer.pick(replicas, { explain: false }, nobody)?.replica.id)
  t.equal(order.join(''), 'aabacaaaabacaa')
  t.end()
})

test('who was tried is passed over, and nobody is left at last', t => {
  const balancer = createBalancer('round-robin', options)
  const replicas = [replicaOf('a', 1), replicaOf('b', 1)]
  t.equal(balancer.pick(replicas, { explain: false }, new Set(['a']))?.replica.id, 'b')
  t.equal(balancer.pick(replicas, { explain: false }, new Set(['a', 'b'])), null)
  t.equal(balancer.pick([], { explain: false }, nobody), null)
  t.end()
})

test('shares are exact, whatever the replicas do', t => {
  const { shares } = simulate({
    strategy: 'round-robin',
    perSecond: 300,
    seconds: 20,
    seed: 1,
    replicas: [1, 1, 50].map(serviceMs => ({ serviceMs: () => serviceMs, slots: 8 })),
  })
  t.ok(Math.max(...shares) - Math.min(...shares) <= 1, `${shares}`)
  t.end()
})
