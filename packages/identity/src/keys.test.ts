import t from 'tap'
import { generateKeyPair, publicKeysOf } from './keys.ts'

t.test('public keys come from configuration, private ones do not', async t => {
  const { jwks, privateJwk } = await generateKeyPair()
  t.same(publicKeysOf(JSON.parse(JSON.stringify(jwks))), jwks)
  t.throws(() => publicKeysOf({ keys: [privateJwk] }), { message: /private/ })
  for (const wrong of [null, [], {}, { keys: [] }, { keys: ['x'] }, 'keys']) t.throws(() => publicKeysOf(wrong))
})
