import { importJWK, SignJWT, UnsecuredJWT } from 'jose'
import t from 'tap'
import { generateKeyPair } from './keys.ts'
import type { Principal } from './principal.ts'
import { createSigner } from './signer.ts'
import { createVerifier, InvalidInternalToken } from './verifier.ts'

const principal: Principal = {
  userId: '019ab9c0-0000-7000-8000-000000000001',
  role: 'author',
  sessionId: '019ab9c0-0000-7000-8000-0000000000aa',
  handle: 'ada',
  scopes: null,
}
const keys = await generateKeyPair()
const key = await importJWK(keys.privateJwk, 'ES256')
let now = new Date('2026-11-23T12:00:00.500Z')
const clock = () => now
const signer = await createSigner({ privateJwk: keys.privateJwk, issuer: 'user', lifetimeMs: 60_000, clock })
const verifierOf = (cacheSize = 10) => createVerifier({ jwks: keys.jwks, cacheSize, clock })

t.test('what was signed is verified', async t => {
  const { token, expiresAt } = await signer.sign(principal)
  t.equal(expiresAt.toISOString(), '2026-11-23T12:01:00.000Z')
  t.same(await verifierOf().verify(token), principal)
  const limited = { ...principal, scopes: ['posts:write'] }
  t.same(await verifierOf().verify((await signer.sign(limited)).token), limited)
})

t.test('what is not ours is refused', async t => {
  const claims = { role: 'author', sid: 's', handle: 'ada', scopes: null }
  const seconds = Math.floor(now.getTime() / 1_000)
  const signed = () =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: keys.privateJwk.kid ?? '' })
      .setSubject('u')
      .setIssuer('user')
      .setAudience('portico-internal')
      .setExpirationTime(seconds + 60)
  const other = await generateKeyPair()
  const otherSigner = await createSigner({ privateJwk: other.privateJwk, issuer: 'user', lifetimeMs: 60_000, clock })
  const { token } = await signer.sign(principal)
  const [header, , signature] = token.split('.')
  const admin = Buffer.from(JSON.stringify({ ...claims, sub: 'u', role: 'admin', exp: seconds + 60 })).toString(
    'base64url',
  )
  const wrong: Record<string, string> = {
    'another key': (await otherSigner.sign(principal)).token,
    'another payload': `${header}.${admin}.${signature}`,
    'no algorithm': new UnsecuredJWT({
      ...claims,
      sub: 'u',
      iss: 'user',
      aud: 'portico-internal',
      exp: seconds + 60,
    }).encode(),
    'another audience': await signed().setAudience('portico').sign(key),
    'another issuer': await signed().setIssuer('content').sign(key),
    expired: await signed()
      .setExpirationTime(seconds - 6)
      .sign(key),
    'no end': await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256' })
      .setSubject('u')
      .setIssuer('user')
      .setAudience('portico-internal')
      .sign(key),
    'an unknown role': await new SignJWT({ ...claims, role: 'root' })
      .setProtectedHeader({ alg: 'ES256' })
      .setSubject('u')
      .setIssuer('user')
      .setAudience('portico-internal')
      .setExpirationTime(seconds + 60)
      .sign(key),
    'no token at all': '',
    'a text': 'Bearer',
    'a long text': 'x'.repeat(10_000),
  }
  t.ok(await verifierOf().verify(await signed().sign(key)), 'the rest of the token is right')
  for (const [name, token] of Object.entries(wrong)) {
    await t.rejects(verifierOf().verify(token), InvalidInternalToken, name)
  }
})

t.test('a token is checked once, and remembered until it ends', async t => {
  const { token } = await signer.sign(principal)
  const verifier = verifierOf()
  const [first, second] = await Promise.all([verifier.verify(token), verifier.verify(token)])
  t.equal(first, second, 'two at once share one check')
  t.equal(await verifier.verify(token), first)
  const before = now
  now = new Date(before.getTime() + 64_000)
  t.equal(await verifier.verify(token), first, 'another machine’s clock may be a little behind')
  now = new Date(before.getTime() + 66_000)
  await t.rejects(verifier.verify(token), InvalidInternalToken)
  await t.rejects(verifier.verify(token), InvalidInternalToken, 'nor is it forgotten and taken anew')
  now = before
})

t.test('what is remembered has a bound, and strangers cannot push anybody out', async t => {
  const verifier = verifierOf(1)
  const { token } = await signer.sign(principal)
  const known = await verifier.verify(token)
  await t.rejects(verifier.verify('x.y.z'), InvalidInternalToken)
  t.equal(await verifier.verify(token), known, 'a stranger took no room')
  await verifier.verify((await signer.sign({ ...principal, handle: 'bob' })).token)
  t.not(await verifier.verify(token), known, 'the older one made room')
})

t.test('a principal cannot be changed by whoever gets it', async t => {
  const { token } = await signer.sign(principal)
  const verified = await verifierOf().verify(token)
  t.throws(() => Object.assign(verified, { role: 'admin' }), TypeError)
})

t.test('a lifetime below a second is refused', async t => {
  await t.rejects(createSigner({ privateJwk: keys.privateJwk, issuer: 'user', lifetimeMs: 500 }), RangeError)
})
