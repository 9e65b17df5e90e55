import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'

/** The prefix says what a token is, to people and to scanners that look for leaked ones. */
export const tokenPrefixes = {
  cookie: 'ptc',
  access: 'pta',
  refresh: 'ptr',
  verification: 'ptv',
  reset: 'ptp',
} as const
export type TokenKind = keyof typeof tokenPrefixes

/** An opaque secret: 256 random bits, base64url behind the prefix of its kind. It is given out once and never stored. */
export const newToken = (kind: TokenKind): string => `${tokenPrefixes[kind]}_${randomBytes(32).toString('base64url')}`

/** What is stored of a token. SHA-256 without salt is enough: there is nothing to guess in 256 random bits. */
export const hashToken = (token: string): Buffer => createHash('sha256').update(token).digest()

/** Six decimal digits, each value equally likely. */
export const newCode = (): string => randomInt(0, 1_000_000).toString().padStart(6, '0')

/** A code is short, so its hash is bound to what it belongs to; what protects it are its five tries. */
export const hashCode = (id: string, code: string): Buffer => createHash('sha256').update(`${id}:${code}`).digest()

/** Equality that takes the same time wherever the two differ. */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b)
