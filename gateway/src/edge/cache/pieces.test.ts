import { test } from 'tap'
import { parseHttpDate } from './http-date.ts'
import { readRange } from './ranges.ts'
import { createRemovals } from './removals.ts'
import { createRoom } from './room.ts'

test('ranges of ten bytes', async t => {
  const cases = {
    'bytes=0-1': { start: 0, end: 1 },
    'bytes=5-': { start: 5, end: 9 },
    'bytes=-3': { start: 7, end: 9 },
    'bytes=-30': { start: 0, end: 9 },
    'bytes=8-100': { start: 8, end: 9 },
    'bytes=10-': 'unsatisfiable',
    'bytes=-0': 'unsatisfiable',
    'bytes=5-4': null,
    'bytes=-': null,
    'bytes=0-1,3-4': null,
    'lines=0-1': null,
  }
  for (const [field, range] of Object.entries(cases)) t.same(readRange(field, 10), range, field)
})

test('dates in three formats, and nothing else', async t => {
  const nowMs = Date.UTC(2026, 10, 23)
  const instant = Date.UTC(1994, 10, 6, 8, 49, 37)
  t.equal(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT', nowMs), instant)
  t.equal(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT', nowMs), instant)
  t.equal(parseHttpDate('Sun Nov  6 08:49:37 1994', nowMs), instant)
  for (const broken of ['0', '', '1994-11-06', 'Sun, 06 Nov 1994 08:49:37 UTC', 'Sun, 06 Foo 1994 08:49:37 GMT']) {
    t.equal(parseHttpDate(broken, nowMs), null, broken)
  }
})

test('room is bounded for one and for all', async t => {
  const room = createRoom({ entryBytes: 10, totalBytes: 15 })
  const [one, other] = [{}, {}]
  t.ok(room.take(one, 8))
  t.notOk(room.take(other, 8), 'together too much')
  t.notOk(room.take(one, 3), 'alone too much')
  t.equal(room.takenBytes(), 0)
})

test('removals are remembered, and beyond that nothing is believed', async t => {
  const removals = createRemovals()
  const mark = removals.mark()
  t.equal(removals.since(mark), 'nothing')
  removals.key('k')
  removals.tags(['a', 'b'])
  t.same(removals.since(mark), { keys: new Set(['k']), tags: new Set(['a', 'b']) })
  const later = removals.mark()
  removals.everything()
  t.equal(removals.since(later), 'unknown')
  t.equal(removals.since(removals.mark()), 'nothing')
  const early = removals.mark()
  for (let turn = 0; turn < 5_000; turn += 1) removals.key(String(turn))
  t.equal(removals.since(early), 'unknown')
})
