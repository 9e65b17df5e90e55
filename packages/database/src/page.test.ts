import t from 'tap'
import { page } from './page.ts'

t.test('a page ends where the limit is, and says whether there is more', async t => {
  const cursorOf = (row: number) => `after ${row}`
  t.strictSame(page([1, 2, 3], 2, cursorOf), { items: [1, 2], nextCursor: 'after 2' })
  t.strictSame(page([1, 2], 2, cursorOf), { items: [1, 2], nextCursor: null })
  t.strictSame(page([], 2, cursorOf), { items: [], nextCursor: null })
})
