import { importJWK, type JWK, SignJWT } from 'jose'
import { claimsOf, type Principal, tokenAlgorithm, tokenAudience } from './principal.ts'

export interface SignerOptions {
  privateJwk: JWK
  /** The service that signs: `user`. */
  issuer: string
  /** How long a token is good, milliseconds; whole seconds, since JWTs count in them. */
  lifetimeMs: number
  clock?: () => Date
}

export interface Signed {
  token: string
  expiresAt: Date
}

export interface Signer {
  sign(principal: Principal): Promise<Signed>
}

/** Makes internal tokens: short JWTs (ES256) that say inside the house who a request is made for. */
export async function createSigner({
  privateJwk,
  issuer,
  lifetimeMs,
  clock = () => new Date(),
}: SignerOptions): Promise<Signer> {
  const key = await importJWK(privateJwk, tokenAlgorithm)
  const lifetimeSeconds = Math.floor(lifetimeMs / 1_000)
  if (lifetimeSeconds < 1) throw new RangeError('lifetimeMs must be at least a second')
  const header = { alg: tokenAlgorithm, typ: 'JWT', ...(privateJwk.kid ? { kid: privateJwk.kid } : {}) }

  return {
    async sign(principal) {
      const issuedAt = Math.floor(clock().getTime() / 1_000)
      const expiresAt = issuedAt + lifetimeSeconds
      const token = await new SignJWT(claimsOf(principal))
        .setProtectedHeader(header)
        .setSubject(principal.userId)
        .setIssuer(issuer)
        .setAudience(tokenAudience)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .sign(key)
      return { token, expiresAt: new Date(expiresAt * 1_000) }
    },
  }
}
