import { createHash } from 'node:crypto'
import { addressKey } from '../accounts/address.ts'

/** The longest wait between two tries. */
export const longestWaitMs = 15 * 60_000
/** After so long without a try, the count begins anew. */
export const forgetAfterMs = 24 * 60 * 60_000

/** A count of tries, and how many of them are free. */
export interface Counter {
  key: Buffer
  freeTries: number
}

/**
 * How long after its `count`th try in a row a counter takes no other, milliseconds: nothing while tries are free, then a
 * second, doubled each time up to a quarter of an hour.
 */
export function waitAfter(count: number, freeTries: number): number {
  if (count < freeTries) return 0
  return Math.min(longestWaitMs, 1_000 * 2 ** Math.min(count - freeTries, 20))
}

/**
 * The counters of a try: one of the account from this place, and one of the account from anywhere. The first stops a
 * guesser without locking the owner out; the second keeps many places together below the hundred tries that NIST SP
 * 800-63B-4, section 3.2.2, allows. An address without an account has them too; it is not kept itself.
 */
export function countersOf(email: string, place: string | null): Counter[] {
  const key = addressKey(email)
  const hashed = (text: string) => createHash('sha256').update(text).digest()
  return [
    { key: hashed(`password from:${place ?? ''}:${key}`), freeTries: 10 },
    { key: hashed(`password:${key}`), freeTries: 90 },
  ]
}
