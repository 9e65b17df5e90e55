import t from 'tap'
import { hashCode, hashToken, newCode, newToken, sameBytes } from './tokens.ts'

t.test('tokens are 256 random bits behind their prefix', async t => {
  const tokens = new Set(Array.from({ length: 1_000 }, () => newToken('access')))
  t.equal(tokens.size, 1_000)
  t.ok([...tokens].every(token => /^pta_[\w-]{43}$/.test(token)))
  t.equal(hashToken('x').length, 32)
})

t.test('codes have six digits, zeros in front included', async t => {
  const codes = Array.from({ length: 5_000 }, newCode)
  t.ok(codes.every(code => /^\d{6}$/.test(code)))
  t.ok(codes.some(code => code.startsWith('0')))
  t.notOk(sameBytes(hashCode('a', '123456'), hashCode('b', '123456')), 'a hash is bound to its sign-up')
})
