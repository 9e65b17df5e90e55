import type { Payload } from '@portico/contracts'
import type { PasswordResetRequested } from '@portico/contracts/user'

/** How long a mailed reset works. */
export const resetLifetimeMs = 30 * 60_000

/** A reset that was asked for. Whether the address has an account is looked up after the answer went out. */
export interface ResetRequest {
  id: string
  emailKey: string
  traceparent: string | null
  tracestate: string | null
}

export function toResetRequested(
  reset: { id: string; token: string; expiresAt: Date },
  owner: { id: string; email: string; name: string; locale: string },
): Payload<typeof PasswordResetRequested> {
  const { id: userId, email, name, locale } = owner
  return {
    resetId: reset.id,
    userId,
    email,
    name,
    locale,
    token: reset.token,
    expiresAt: reset.expiresAt.toISOString(),
  }
}
