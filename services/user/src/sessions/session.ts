import type { Session as SessionShown } from '@portico/contracts/user'
import type { SessionMode, SessionTokenKind } from '../db/tables.ts'
import { hashToken, newToken } from './tokens.ts'

/** How long things live, milliseconds. */
export const lifetimes = {
  /** A browser stays signed in; counted from signing in. */
  cookieMs: 30 * 24 * 60 * 60_000,
  accessMs: 15 * 60_000,
  /** Unused for so long, a refresh token is dead. */
  refreshMs: 30 * 24 * 60 * 60_000,
  /** However often it is refreshed, a session in mode `token` ends here. */
  familyMs: 90 * 24 * 60 * 60_000,
  /** Within it a refresh token may be used again: two tabs, or a repeat whose first answer was lost. */
  refreshGraceMs: 10_000,
  /** `lastSeenAt` is true to about this. */
  seenEveryMs: 60_000,
} as const

/** One signed-in device. */
export interface Session {
  id: string
  accountId: string
  mode: SessionMode
  createdAt: Date
  lastSeenAt: Date
  lastSeenAddress: string | null
  userAgent: string | null
  expiresAt: Date | null
}

/** What is kept of a token given out. */
export interface SessionToken {
  hash: Buffer
  sessionId: string
  kind: SessionTokenKind
  createdAt: Date
  expiresAt: Date | null
  usedAt: Date | null
}

/** Where a request comes from, as far as the gateway knows. */
export interface Device {
  address: string | null
  userAgent: string | null
}

/** The secrets of a session, to be given out once. */
export interface Secrets {
  cookie?: string
  accessToken?: string
  refreshToken?: string
}

export interface Started {
  session: Session
  tokens: SessionToken[]
  secrets: Secrets
}

const later = (at: Date, ms: number): Date => new Date(at.getTime() + ms)
const earlier = (a: Date, b: Date): Date => (a < b ? a : b)

export function startSession(
  { id, accountId, mode }: { id: string; accountId: string; mode: 'cookie' | 'token' },
  device: Device,
  now: Date,
): Started {
  const expiresAt = later(now, mode === 'cookie' ? lifetimes.cookieMs : lifetimes.familyMs)
  const { address: lastSeenAddress, userAgent } = device
  const session = { id, accountId, mode, createdAt: now, lastSeenAt: now, lastSeenAddress, userAgent, expiresAt }
  if (mode === 'token') return { session, ...tokenPair(id, expiresAt, now) }
  const cookie = newToken('cookie')
  return { session, tokens: [tokenOf('cookie', cookie, id, expiresAt, now)], secrets: { cookie } }
}

/** A new access and refresh token for a session; neither outlives it. */
export function tokenPair(
  sessionId: string,
  sessionEnd: Date,
  now: Date,
): { tokens: SessionToken[]; secrets: Secrets } {
  const accessToken = newToken('access')
  const refreshToken = newToken('refresh')
  const accessEnd = earlier(later(now, lifetimes.accessMs), sessionEnd)
  const refreshEnd = earlier(later(now, lifetimes.refreshMs), sessionEnd)
  const tokens = [
    tokenOf('access', accessToken, sessionId, accessEnd, now),
    tokenOf('refresh', refreshToken, sessionId, refreshEnd, now),
  ]
  return { tokens, secrets: { accessToken, refreshToken } }
}

function tokenOf(kind: SessionTokenKind, token: string, sessionId: string, expiresAt: Date, now: Date): SessionToken {
  return { hash: hashToken(token), sessionId, kind, createdAt: now, expiresAt, usedAt: null }
}

export const isOver = (expiresAt: Date | null, now: Date): boolean => expiresAt !== null && expiresAt <= now

/**
 * What to do with a refresh token that is presented. One used before, outside the grace, is in two hands: nobody can say
 * which of them is the owner's, so the whole session ends (RFC 9700, section 4.14.2).
 */
export function judgeRefresh(token: SessionToken, now: Date): 'rotate' | 'expired' | 'reused' {
  if (token.usedAt !== null && now > later(token.usedAt, lifetimes.refreshGraceMs)) return 'reused'
  return isOver(token.expiresAt, now) ? 'expired' : 'rotate'
}

/** Seconds, as OAuth counts them. */
export const expiresIn = lifetimes.accessMs / 1_000

export const isSeenLately = (session: Session, now: Date): boolean =>
  now.getTime() - session.lastSeenAt.getTime() < lifetimes.seenEveryMs

export function toShown(session: Session, currentId: string): SessionShown {
  return {
    id: session.id,
    mode: session.mode,
    createdAt: session.createdAt.toISOString(),
    lastSeenAt: session.lastSeenAt.toISOString(),
    lastSeenAddress: session.lastSeenAddress,
    userAgent: session.userAgent,
    expiresAt: session.expiresAt?.toISOString() ?? null,
    current: session.id === currentId,
  }
}
