import t from 'tap'
import { Statements } from './statement.ts'

t.test('a text has one name, and each text another', async t => {
  const statements = new Statements()
  const first = statements.get('select 1')
  t.equal(statements.get('select 1'), first)
  t.equal(first.uses, 2)
  t.not(statements.get('select 2').name, first.name)
  t.ok(first.name.length < 60, 'PostgreSQL cuts names off at 63 bytes')
})

t.test('what is used stays, what is not goes', async t => {
  const statements = new Statements(3)
  const often = statements.get('often')
  for (let i = 0; i < 10; i++) {
    statements.get(`once ${i}`)
    t.equal(statements.get('often'), often)
  }
  t.equal(statements.get('once 0').uses, 1, 'forgotten')
})
