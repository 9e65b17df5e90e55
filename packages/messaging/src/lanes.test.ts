import fc from 'fast-check'
import t from 'tap'
import type { Delivery } from './delivery.ts'
import { createLanes, type Verdict } from './lanes.ts'

function deliveryOf(key: string, number: number, answers: string[] = []): Delivery {
  const name = `${key}${number}`
  return {
    event: { id: name, subject: 'a.b.c.v1', entity: 'a.b', key, number, createdAt: new Date(0), replay: false },
    trace: {},
    origin: {},
    replayOf: null,
    source: 'stream',
    deliveries: 1,
    attempts: 0,
    previousAt: null,
    after: number - 1,
    payload: () => ({}),
    text: () => '{}',
    ack: () => void answers.push(`ack ${name}`),
    release: ms => void answers.push(`release ${name} ${ms}`),
    working: () => void answers.push(`working ${name}`),
  }
}

/** Lanes whose work ends when it is told to. */
function openLanes(concurrency: number, workingEveryMs = 60_000) {
  const begun = new Map<string, (verdict: Verdict) => void>()
  let room = 0
  const lanes = createLanes({
    concurrency,
    workingEveryMs,
    look: ({ event }) => new Promise(resolve => begun.set(event.id, resolve)),
    onRoom: () => void room++,
  })
  const end = async (id: string, verdict: Verdict = { kind: 'done' }) => {
    begun.get(id)?.(verdict)
    begun.delete(id)
    await new Promise(resolve => setImmediate(resolve))
  }
  return { lanes, running: () => [...begun.keys()].sort(), end, room: () => room }
}

t.test('keys run side by side, a key one after the other, no more than is allowed', async t => {
  const { lanes, running, end, room } = openLanes(2)
  for (const [key, number] of [
    ['a', 1],
    ['a', 3],
    ['a', 2],
    ['b', 1],
    ['c', 1],
  ] as const) {
    lanes.add(deliveryOf(key, number))
  }
  t.same(running(), ['a1', 'b1'])
  t.equal(lanes.size(), 5)
  await end('b1')
  t.same(running(), ['a1', 'c1'])
  await end('a1')
  t.same(running(), ['a2', 'c1'], 'the lowest first')
  await end('c1')
  await end('a2')
  await end('a3')
  t.equal(lanes.size(), 0)
  t.equal(room(), 5)
  await lanes.stop()
})

t.test('what is given back takes along what is in hand of its key', async t => {
  const { lanes, running, end } = openLanes(2)
  const answers: string[] = []
  for (const number of [1, 2, 3]) lanes.add(deliveryOf('a', number, answers))
  lanes.add(deliveryOf('b', 1, answers))
  await end('a1', { kind: 'release', ms: 100 })
  t.same(answers, ['release a1 100', 'release a2 105', 'release a3 110'])
  t.same(running(), ['b1'])
  t.equal(lanes.size(), 1)
  lanes.add(deliveryOf('a', 1, answers))
  t.same(running(), ['a1', 'b1'], 'the key may come again')
  await end('a1')
  await end('b1')
  await lanes.stop()
})

t.test('stopping gives back what has not begun and waits for what has', async t => {
  const { lanes, end } = openLanes(1)
  const answers: string[] = []
  for (const number of [1, 2]) lanes.add(deliveryOf('a', number, answers))
  lanes.add(deliveryOf('b', 1, answers))
  let stopped = false
  const stopping = lanes.stop().then(() => {
    stopped = true
  })
  t.same(answers, ['release a2 1500', 'release b1 1500'])
  lanes.add(deliveryOf('c', 1, answers))
  t.equal(answers.at(-1), 'release c1 1500')
  await new Promise(resolve => setImmediate(resolve))
  t.notOk(stopped)
  await end('a1')
  await stopping
  t.equal(lanes.size(), 0)
})

t.test('the server is told of everything in hand that we are still at it', async t => {
  const { lanes, end } = openLanes(1, 5)
  const answers: string[] = []
  for (const number of [1, 2]) lanes.add(deliveryOf('a', number, answers))
  while (!answers.includes('working a1') || !answers.includes('working a2')) {
    await new Promise(resolve => setTimeout(resolve, 2))
  }
  await end('a1')
  await end('a2')
  await lanes.stop()
  t.pass()
})

t.test('nothing is forgotten, whatever comes in whatever order', async t => {
  const item = fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    number: fc.integer({ min: 1, max: 9 }),
    releases: fc.boolean(),
  })
  const property = fc.asyncProperty(
    fc.array(item, { maxLength: 30 }),
    fc.integer({ min: 1, max: 4 }),
    async (items, concurrency) => {
      const answers: string[] = []
      const together = new Map<string, number>()
      let most = 0
      const lanes = createLanes({
        concurrency,
        workingEveryMs: 60_000,
        onRoom: () => {},
        async look(delivery) {
          const { key } = delivery.event
          if (together.get(key)) throw new Error('two of one key at once')
          together.set(key, 1)
          most = Math.max(most, together.size)
          await new Promise(resolve => setImmediate(resolve))
          together.delete(key)
          const { releases } = items[Number(delivery.event.id)] ?? { releases: false }
          if (releases) return { kind: 'release', ms: 1 }
          delivery.ack()
          return { kind: 'done' }
        },
      })
      for (const [index, { key, number }] of items.entries()) {
        const delivery = deliveryOf(key, number, answers)
        lanes.add({ ...delivery, event: { ...delivery.event, id: String(index) } })
      }
      while (lanes.size() > 0) await new Promise(resolve => setImmediate(resolve))
      await lanes.stop()
      if (answers.length !== items.length) throw new Error(`${answers.length} of ${items.length} were answered`)
      if (most > concurrency) throw new Error(`${most} at once`)
    },
  )
  await fc.assert(property, { numRuns: 200 })
  t.pass()
})
