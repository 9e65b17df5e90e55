import { DatabaseError } from 'pg'

/** Why there is no answer from PostgreSQL: it is not there, it went away, it does not answer, or we have too much to ask. */
export type UnavailableReason = 'refused' | 'lost' | 'timeout' | 'busy'

/** PostgreSQL could not be asked, or did not answer. Nothing was committed, unless it is a {@link CommitUnknown}. */
export class DatabaseUnavailable extends Error {
  readonly reason: UnavailableReason

  constructor(reason: UnavailableReason, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'DatabaseUnavailable'
    this.reason = reason
  }
}

/**
 * The connection went away while COMMIT was under way: the effect may be there or not. Only a repeat that recognises
 * itself (idempotency ledger, inbox row, upsert) is safe.
 */
export class CommitUnknown extends DatabaseUnavailable {
  constructor(cause: unknown) {
    super('lost', 'the connection was lost at COMMIT: whether the transaction took effect is unknown', cause)
    this.name = 'CommitUnknown'
  }
}

const unavailableCodes = new Set([
  // Node: no connection, or it broke.
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
  // PostgreSQL, appendix A: too many connections, admin or crash shutdown, still starting, idle session ended.
  ...['53300', '57P01', '57P02', '57P03', '57P05', '25P03'],
])

/** The code of an error of PostgreSQL (SQLSTATE, five characters) or Node (`ECONNRESET`), if it has one. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** True when the failure is PostgreSQL's absence, not the statement's fault: the same work may succeed later. */
export function isConnectionError(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable) return true
  const code = codeOf(error)
  return code !== undefined && (unavailableCodes.has(code) || (code.startsWith('08') && code.length === 5))
}

/** True when `error` is the violation of the constraint (or unique index) called `name`. */
export function isConstraint(error: unknown, name: string): boolean {
  return error instanceof DatabaseError && error.code?.startsWith('23') === true && error.constraint === name
}

/** True when PostgreSQL ended the statement because it ran, or waited for a lock, too long. */
export function isTimeout(error: unknown): boolean {
  const code = codeOf(error)
  return code === '57014' || code === '55P03' || (error instanceof DatabaseUnavailable && error.reason === 'timeout')
}

/** Serialization failure or deadlock: PostgreSQL rolled back, and the whole transaction may be tried again. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error)
  return code === '40001' || code === '40P01'
}

/**
 * A migration changed what a prepared statement returns. PostgreSQL offers no code of its own for it: this is
 * `RevalidateCachedQuery` in its plancache.c.
 */
export function isStalePlan(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '0A000' && error.routine === 'RevalidateCachedQuery'
}

/** True when the server closed, or is about to close, the session that raised this. */
export function endsSession(error: unknown): boolean {
  return error instanceof DatabaseError && (error.severity === 'FATAL' || error.severity === 'PANIC')
}
