import t from 'tap'
import { deliveryOfRow } from './delivery.ts'
import { createGapWatch } from './gap-watch.ts'

const beyond = (key: string) =>
  deliveryOfRow(
    {
      id: key,
      entity: 'a.b',
      key,
      number: 5,
      eventId: key,
      subject: 'a.b.c.v1',
      payload: '{}',
      createdAt: new Date(0),
      traceparent: null,
      tracestate: null,
      origin: null,
      replayOf: null,
      attempts: 0,
    },
    2,
  )
const progress = (pending: number, delivered: number, acknowledged: number) => ({
  num_pending: pending,
  delivered: { stream_seq: delivered },
  ack_floor: { stream_seq: acknowledged },
})

t.test('a gap is accepted once all that could have filled it was acknowledged', async t => {
  const watch = createGapWatch(1_000)
  const gap = [beyond('k')]
  t.same(watch.ripe(gap, progress(7, 10, 10), 0), [], 'there is more to deliver')
  t.same(watch.ripe(gap, progress(0, 20, 12), 5_000), [], 'some of it is in somebody’s hands')
  t.same(watch.ripe(gap, progress(9, 40, 19), 6_000), [], 'as before, whatever came since')
  t.same(watch.ripe(gap, progress(9, 40, 20), 6_001), gap)
})

t.test('not before it has been waited for', async t => {
  const watch = createGapWatch(1_000)
  const gap = [beyond('k')]
  watch.ripe(gap, progress(0, 20, 20), 0)
  t.same(watch.ripe(gap, progress(0, 20, 20), 999), [])
  t.same(watch.ripe(gap, progress(0, 20, 20), 1_000), gap)
})

t.test('time without a connection does not count, nor what an earlier gap has seen', async t => {
  const watch = createGapWatch(1_000)
  const gap = [beyond('k')]
  watch.ripe(gap, progress(0, 20, 20), 0)
  watch.reset()
  t.same(watch.ripe(gap, progress(0, 20, 20), 2_000), [])
  watch.ripe([], progress(0, 20, 20), 2_500)
  t.same(watch.ripe(gap, progress(0, 20, 20), 3_000), [])
})

t.test('a stream that is never through does not hold a key for good', async t => {
  const watch = createGapWatch(1_000)
  const gap = [beyond('k'), beyond('l')]
  t.same(watch.ripe(gap, progress(9, 10, 0), 0), [])
  t.same(watch.ripe(gap, progress(9, 99, 0), 9_999), [])
  t.same(watch.ripe(gap, progress(9, 99, 0), 10_000), gap)
})
