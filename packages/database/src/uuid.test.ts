import t from 'tap'
import { uuidv7 } from './uuid.ts'

t.test('ids are of version 7, distinct, and ascend', async t => {
  const from = Date.now()
  const ids = Array.from({ length: 10_000 }, uuidv7)
  t.equal(new Set(ids).size, ids.length)
  t.strictSame(ids.toSorted(), ids)
  for (const id of [ids[0] ?? '', ids.at(-1) ?? '']) {
    t.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    const madeAt = Number.parseInt(id.replace('-', '').slice(0, 12), 16)
    t.ok(madeAt >= from && madeAt <= Date.now() + 1)
  }
})
