import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import { type Principal, principalOf, tokenAlgorithm, tokenAudience } from './principal.ts'

export interface VerifierOptions {
  jwks: JSONWebKeySet
  /** Tokens remembered, each until it expires. */
  cacheSize: number
  issuer?: string
  clock?: () => Date
}

export interface Verifier {
  /** @throws {InvalidInternalToken} for whatever is not a live token of ours. */
  verify(token: string): Promise<Principal>
}

/** Says nothing of the token itself: it ends in logs. */
export class InvalidInternalToken extends Error {
  override readonly name = 'InvalidInternalToken'
}

interface Verified {
  principal: Principal
  expiresAtMs: number
}

/** Clocks of two machines differ: a token is taken this long after its end. */
const toleranceSeconds = 5
/** Longer than any token of ours; a larger one is not worth a signature check. */
const longestToken = 4_096

/**
 * Verifies internal tokens. A check of ES256 costs about 0.1 ms, which is more than the rest of a small request: so each
 * token is checked once and remembered until it expires. Concurrent first uses share one check.
 */
export function createVerifier({
  jwks,
  cacheSize,
  issuer = 'user',
  clock = () => new Date(),
}: VerifierOptions): Verifier {
  const keys = createLocalJWKSet(jwks)
  const known = new LRUCache<string, Verified>({ max: cacheSize })
  const checking = new Map<string, Promise<Verified>>()

  async function check(token: string): Promise<Verified> {
    const payload = await payloadOf(token)
    const principal = principalOf(payload)
    if (!principal || payload.exp === undefined) throw new InvalidInternalToken('A claim is missing')
    return { principal, expiresAtMs: (payload.exp + toleranceSeconds) * 1_000 }
  }

  async function payloadOf(token: string): Promise<JWTPayload> {
    const expected = { algorithms: [tokenAlgorithm], audience: tokenAudience, issuer, currentDate: clock() }
    try {
      return (await jwtVerify(token, keys, { ...expected, clockTolerance: toleranceSeconds })).payload
    } catch (cause) {
      throw new InvalidInternalToken('The internal token is not valid', { cause })
    }
  }

  /** Only what is ours is remembered, or strangers could push our tokens out. */
  function checkOnce(token: string): Promise<Verified> {
    const already = checking.get(token)
    if (already) return already
    const begun = check(token).finally(() => checking.delete(token))
    checking.set(token, begun)
    void begun.then(
      verified => known.set(token, verified),
      () => {},
    )
    return begun
  }

  return {
    async verify(token) {
      if (token.length > longestToken) throw new InvalidInternalToken('The internal token is too long')
      const { principal, expiresAtMs } = known.get(token) ?? (await checkOnce(token))
      if (clock().getTime() < expiresAtMs) return principal
      known.delete(token)
      throw new InvalidInternalToken('The internal token has expired')
    },
  }
}
