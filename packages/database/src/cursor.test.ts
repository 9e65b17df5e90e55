import fc from 'fast-check'
import t from 'tap'
import { type CursorKind, type CursorValue, decodeCursor, encodeCursor } from './cursor.ts'

const invalid = { code: 'invalid_cursor' }

const value: fc.Arbitrary<[CursorKind, CursorValue]> = fc.oneof(
  fc.uuid().map((id): [CursorKind, CursorValue] => ['uuid', id]),
  fc.string().map((text): [CursorKind, CursorValue] => ['text', text.replaceAll('\0', '')]),
  fc.maxSafeInteger().map((number): [CursorKind, CursorValue] => ['integer', number]),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map((number): [CursorKind, CursorValue] => ['number', number + 0]),
  fc.boolean().map((truth): [CursorKind, CursorValue] => ['boolean', truth]),
  fc.constant<[CursorKind, CursorValue]>(['timestamp?', null]),
)
const place = fc.array(value, { minLength: 1, maxLength: 4 })

t.test('a cursor gives back the place it was made of', async t => {
  fc.assert(
    fc.property(place, fc.string(), (entries, list) => {
      const shape = entries.map(([kind]) => kind)
      const values = entries.map(([, entry]) => entry)
      const decoded = decodeCursor(encodeCursor(values, { list }), { list, shape })
      // JSON knows one zero.
      t.strictSame(
        decoded,
        values.map(entry => (Object.is(entry, -0) ? 0 : entry)),
      )
    }),
    { numRuns: 300 },
  )
})

t.test('any changed, shortened or lengthened cursor is refused', async t => {
  fc.assert(
    fc.property(place, fc.nat(), fc.constantFrom('A', 'b', '3', '-', '_', '=', '+', ' ', ''), (entries, at, letter) => {
      const shape = entries.map(([kind]) => kind)
      const cursor = encodeCursor(
        entries.map(([, entry]) => entry),
        { list: 'posts' },
      )
      const index = at % cursor.length
      const changed = cursor.slice(0, index) + letter + cursor.slice(index + 1)
      if (changed === cursor) return
      t.throws(() => decodeCursor(changed, { list: 'posts', shape }), invalid)
    }),
    { numRuns: 300 },
  )
})

t.test('a cursor is bound to its list and shape', async t => {
  const cursor = encodeCursor(['2026-11-23 12:00:00.123456+00', '01890000-0000-7000-8000-000000000000'], {
    list: 'posts',
  })
  t.strictSame(decodeCursor(cursor, { list: 'posts', shape: ['timestamp', 'uuid'] }), [
    '2026-11-23 12:00:00.123456+00',
    '01890000-0000-7000-8000-000000000000',
  ])
  t.throws(() => decodeCursor(cursor, { list: 'posts:tag=css', shape: ['timestamp', 'uuid'] }), invalid)
  t.throws(() => decodeCursor(cursor, { list: 'posts', shape: ['timestamp'] }), invalid)
  t.throws(() => decodeCursor(cursor, { list: 'posts', shape: ['integer', 'uuid'] }), invalid)
  t.throws(() => decodeCursor('x'.repeat(3_000), { list: 'posts', shape: ['text'] }), invalid)
  t.throws(() => decodeCursor('', { list: 'posts', shape: ['text'] }), invalid)
  const nothing = encodeCursor([null], { list: 'posts' })
  t.throws(
    () => decodeCursor(nothing, { list: 'posts', shape: ['text'] }),
    invalid,
    'null only where the shape says so',
  )
})

t.test('what PostgreSQL would choke on is refused here', async t => {
  for (const [kind, wrong] of [
    ['text', 'a\0b'],
    ['uuid', 'not-a-uuid'],
    ['timestamp', 'yesterday; drop table posts'],
    ['integer', 1.5],
    ['number', 'NaN'],
    ['boolean', 'true'],
  ] satisfies [CursorKind, CursorValue][]) {
    const cursor = encodeCursor([wrong], { list: 'posts' })
    t.throws(() => decodeCursor(cursor, { list: 'posts', shape: [kind] }), invalid, `${kind} is not ${wrong}`)
  }
})
