import { createSigner, createVerifier, generateKeyPair, mayCall } from '@portico/identity'

const { privateJwk, jwks } = await generateKeyPair()

// The user service, which alone holds the private key:
const signer = await createSigner({ privateJwk, issuer: 'user', lifetimeMs: 60_000 })
const { token, expiresAt } = await signer.sign({
  userId: '019ab9c0-0000-7000-8000-000000000001',
  role: 'author',
  sessionId: '019ab9c0-0000-7000-8000-0000000000aa',
  handle: 'ada',
  scopes: null,
})

// Every other one:
const verifier = createVerifier({ jwks, cacheSize: 10_000 })
const principal = await verifier.verify(token)
const verdict = mayCall(['author', 'admin'], principal)

export { expiresAt, principal, verdict }
