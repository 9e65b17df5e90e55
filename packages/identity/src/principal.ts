import { type Role, roles } from '@portico/contracts'

/** Who a request is made for, as the user service vouches for it. */
export interface Principal {
  userId: string
  role: Role
  sessionId: string
  handle: string
  /** What an API key was limited to; null for a session: everything the role may. */
  scopes: readonly string[] | null
}

export const tokenAudience = 'portico-internal'
export const tokenAlgorithm = 'ES256'

/** The principal as claims of a JWT; the user is its subject. */
export function claimsOf({ role, sessionId, handle, scopes }: Principal) {
  return { role, sid: sessionId, handle, scopes }
}

/** Null when a claim is missing or of another type: a token of ours never lacks one. */
export function principalOf(claims: Readonly<Record<string, unknown>>): Principal | null {
  const { sub, role, sid, handle, scopes } = claims
  if (typeof sub !== 'string' || typeof sid !== 'string' || typeof handle !== 'string') return null
  if (!isRole(role) || !isScopes(scopes)) return null
  return Object.freeze({ userId: sub, role, sessionId: sid, handle, scopes })
}

function isRole(value: unknown): value is Role {
  return roles.some(role => role === value)
}

function isScopes(value: unknown): value is readonly string[] | null {
  return value === null || (Array.isArray(value) && value.every(scope => typeof scope === 'string'))
}
