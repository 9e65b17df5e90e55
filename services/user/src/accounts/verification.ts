import type { Payload } from '@portico/contracts'
import type { SignUpRepeated, VerificationRequested } from '@portico/contracts/user'
import { hashCode, hashToken, newCode, newToken } from '../sessions/tokens.ts'

/** How long the mailed link and code work. */
export const verificationLifetimeMs = 24 * 60 * 60_000
/** Wrong codes after which the code of a sign-up is dead; the link still works. */
export const codeTries = 5
/** Mails that one address gets in {@link mailWindowMs}, whoever asks for them. */
export const mailsPerWindow = 5
export const mailWindowMs = 60 * 60_000

/** Somebody wants an account at this address, and has yet to show that mail reaches them. */
export interface SignUp {
  id: string
  accountId: string
  email: string
  handle: string
  name: string
  locale: string
  passwordHash: string
  tokenHash: Buffer
  codeHash: Buffer
  repeated: boolean
  createdAt: Date
  expiresAt: Date
}

export interface SignUpGiven {
  id: string
  accountId: string
  email: string
  handle: string
  name: string
  locale: string
  passwordHash: string
  repeated: boolean
}

/** The sign-up to keep, and the two secrets to mail. A repeated one has them too, and they open nothing. */
export function newSignUp(given: SignUpGiven, now: Date): { signUp: SignUp; token: string; code: string } {
  const token = newToken('verification')
  const code = newCode()
  const signUp = {
    ...given,
    tokenHash: hashToken(token),
    codeHash: hashCode(given.id, code),
    createdAt: now,
    expiresAt: new Date(now.getTime() + verificationLifetimeMs),
  }
  return { signUp, token, code }
}

export function toVerificationRequested(
  { id, accountId, email, name, locale, expiresAt }: SignUp,
  token: string,
  code: string,
): Payload<typeof VerificationRequested> {
  const verification = { verificationId: id, userId: accountId, email, name, locale }
  return { ...verification, token, code, expiresAt: expiresAt.toISOString() }
}

/** Speaks to the owner of the account, by the name and in the language of the account. */
export function toSignUpRepeated(
  { id, createdAt }: SignUp,
  owner: { id: string; email: string | null; name: string; locale: string },
): Payload<typeof SignUpRepeated> {
  const { id: userId, name, locale } = owner
  return { verificationId: id, userId, email: owner.email ?? '', name, locale, requestedAt: createdAt.toISOString() }
}
