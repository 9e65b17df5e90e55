import t from 'tap'
import { createMetrics } from './metrics.ts'

t.test('asking twice for a name gives the same metric, of another kind is a mistake', async t => {
  const metrics = createMetrics({ processMetrics: false })
  metrics.counter('notes_total', 'Notes', ['kind']).inc({ kind: 'plain' })
  metrics.counter('notes_total', 'Notes', ['kind']).inc({ kind: 'plain' })
  t.match((await metrics.page()).body, /notes_total\{kind="plain"\} 2/)
  // Reading the page must not rename it: OpenMetrics adds `_total` to counters by itself.
  metrics.counter('notes_total', 'Notes', ['kind']).inc({ kind: 'plain' })
  t.match((await metrics.page()).body, /^notes_total\{kind="plain"\} 3$/m)
  t.throws(() => metrics.gauge('notes_total', 'Notes', []), TypeError)
})

t.test('what several observe under one name adds up, as it is when the page is read', async t => {
  const metrics = createMetrics({ processMetrics: false })
  let waiting = 1
  metrics.observe('waiting', 'Waiting', () => waiting)
  metrics.observe('waiting', 'Waiting', () => 10)
  t.match((await metrics.page()).body, /^waiting 11$/m)
  waiting = 5
  t.match((await metrics.page()).body, /^waiting 15$/m)
})
