import fc from 'fast-check'
import pg from 'pg'
import t from 'tap'
import { parseInt8, parseTextArray, typeParsers } from './parsers.ts'

t.test('int8 is a number while that is exact, and a bigint beyond', async t => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), integer => {
      const parsed = parseInt8(String(integer))
      t.equal(BigInt(parsed), integer)
      t.equal(typeof parsed, Number.isSafeInteger(Number(integer)) ? 'number' : 'bigint')
    }),
  )
})

t.test('arrays of text are what pg makes of them', async t => {
  const general = pg.types.getTypeParser(Number(1009), 'text')
  const plain = fc.stringMatching(/^[a-zA-Z0-9-]{1,12}$/)
  const quoted = fc.string().map(text => `"${text.replace(/["\\]/g, '\\$&')}"`)
  const element = fc.oneof(plain, quoted, fc.constant('NULL'))
  fc.assert(
    fc.property(fc.array(element), elements => {
      const text = `{${elements.join(',')}}`
      t.strictSame(parseTextArray(text), general(text))
    }),
  )
  t.strictSame(parseTextArray('{{a,b},{c,d}}'), general('{{a,b},{c,d}}'))
  t.strictSame(parseTextArray('[0:1]={a,b}'), general('[0:1]={a,b}'))
})

t.test('a day stays a day', async t => {
  t.equal(typeParsers.getTypeParser(1082)('2026-11-23'), '2026-11-23')
  t.ok(typeParsers.getTypeParser(1184)('2026-11-23 10:00:00.5+00') instanceof Date)
  t.ok(typeParsers.getTypeParser(17, 'binary'), 'others are left to pg')
})
