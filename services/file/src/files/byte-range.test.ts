import { test } from 'tap'
import { rangeOf, rangeStillHolds } from './byte-range.ts'

const part = (start: number, end: number) => ({ kind: 'part', range: { start, end } })
const whole = { kind: 'whole' }
const unsatisfiable = { kind: 'unsatisfiable' }

test('ranges of a body of 100 bytes', t => {
  const cases: [string | undefined, object][] = [
    [undefined, whole],
    ['bytes=0-0', part(0, 0)],
    ['bytes=10-19', part(10, 19)],
    ['bytes=90-', part(90, 99)],
    ['bytes=90-1000', part(90, 99)],
    ['bytes=-10', part(90, 99)],
    ['bytes=-1000', part(0, 99)],
    ['bytes=-0', unsatisfiable],
    ['bytes=100-', unsatisfiable],
    ['bytes=20-10', whole],
    ['bytes=0-1,5-6', whole],
    ['bytes=-', whole],
    ['items=0-1', whole],
    ['bytes=a-b', whole],
    ['BYTES=0-1', part(0, 1)],
  ]
  for (const [field, expected] of cases) t.strictSame(rangeOf(field, 100), expected, String(field))
  t.strictSame(rangeOf('bytes=0-', 0), unsatisfiable)
  t.end()
})

test('If-Range holds for this very body only', t => {
  const modified = new Date('2026-01-02T03:04:05.678Z')
  t.ok(rangeStillHolds(undefined, '"a"', modified))
  t.ok(rangeStillHolds('"a"', '"a"', modified))
  t.notOk(rangeStillHolds('"b"', '"a"', modified))
  t.notOk(rangeStillHolds('W/"a"', '"a"', modified))
  t.ok(rangeStillHolds(modified.toUTCString(), '"a"', modified))
  t.notOk(rangeStillHolds('Thu, 01 Jan 1970 00:00:00 GMT', '"a"', modified))
  t.end()
})
