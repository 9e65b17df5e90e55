import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { Type } from 'typebox'
import { closed } from './strict.ts'

const ajv = new Ajv2020({ strict: false })

function takes(schema: object, value: unknown): boolean {
  return ajv.validate(closed(schema), value)
}

const A = Type.Object({ a: Type.String() })
const B = Type.Object({ b: Type.Optional(Type.String()) })

t.test('objects are closed at every depth', async t => {
  const nested = Type.Object({ list: Type.Array(A), either: Type.Union([A, Type.Object({ c: Type.Number() })]) })
  const good = { list: [{ a: 'x' }], either: { c: 1 } }
  t.ok(takes(nested, good))
  t.notOk(takes(nested, { ...good, more: 1 }))
  t.notOk(takes(nested, { ...good, list: [{ a: 'x', more: 1 }] }))
  t.notOk(takes(nested, { ...good, either: { c: 1, a: 'x', more: 1 } }))
})

t.test('composed objects are closed as a whole', async t => {
  const both = Type.Intersect([A, B])
  t.ok(takes(both, { a: 'x', b: 'y' }))
  t.notOk(takes(both, { a: 'x', c: 1 }))
  const mixed = {
    type: 'object',
    properties: { a: {} },
    anyOf: [{ properties: { b: {} }, required: ['b'] }, { required: ['a'] }],
  }
  t.ok(takes(mixed, { a: 1, b: 2 }))
  t.notOk(takes(mixed, { a: 1, b: 2, c: 3 }))
})

t.test('what says itself how open it is stays so; records too', async t => {
  t.ok(takes(Type.Object({ a: Type.String() }, { additionalProperties: true }), { a: 'x', more: 1 }))
  t.ok(takes(Type.Record(Type.String(), Type.Number()), { any: 1 }))
  t.ok(takes(Type.Object({ meta: Type.Unknown() }), { meta: { any: { thing: 1 } } }))
  const named = { type: 'object', properties: { properties: { type: 'object', properties: { const: {} } } } }
  t.ok(takes(named, { properties: { const: 1 } }), 'fields may be called like keywords')
  t.notOk(takes(named, { properties: { other: 1 } }))
})

t.test('the schema itself is not changed', async t => {
  const before = JSON.stringify(A)
  closed(A)
  t.equal(JSON.stringify(A), before)
})
