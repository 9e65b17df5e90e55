import {
  BadGateway,
  BadRequest,
  DeadlineExceeded,
  type Policy,
  ProblemError,
  RequestTimeout,
  ServiceUnavailable,
} from '@portico/contracts'
import type { Attempt } from './attempt.ts'

/** Whether sending the same request to a second replica is safe. */
export function isRepeatable(repeatable: Policy['repeatable'], headers: readonly string[]): boolean {
  if (repeatable === 'with-key') return hasField(headers, 'idempotency-key')
  return repeatable === 'always'
}

function hasField(headers: readonly string[], name: string): boolean {
  for (let index = 0; index < headers.length; index += 2) if (headers[index] === name) return true
  return false
}

/**
 * Whether nothing of the request can have reached the replica: it was never written, or the kernel refused the very first
 * write. That is the keep-alive race: the replica closed an idle connection just as we took
 * it. A connection that breaks after a write may have delivered it, so that is no proof.
 *
 * @param began whether it was written to a connection
 * @param inOneWrite whether head and body leave in a single write
 */
export function neverLeft(began: boolean, inOneWrite: boolean, error: NodeJS.ErrnoException): boolean {
  if (!began) return true
  return inOneWrite && error.syscall === 'write' && (error.code === 'EPIPE' || error.code === 'ECONNRESET')
}

/**
 * Whether a connection that was kept from an earlier request broke before anything of this one's answer: most likely the
 * replica was closing it already (RFC 9112, section 9.3.1). It may have been worked on all the same.
 */
export const metClosing = ({ onUsedConnection, headSeen }: Pick<Attempt, 'onUsedConnection' | 'headSeen'>): boolean =>
  onUsedConnection && !headSeen

/** Answers that say of themselves that the request was not, or not wholly, worked on. */
export function invitesRepeat(status: number, method: string): boolean {
  if (status === 502 || status === 503 || status === 504) return true
  // A 500 may be this replica's alone; for a read another look costs nothing but a retry of the budget.
  return status === 500 && (method === 'GET' || method === 'HEAD')
}

/** Whether a second replica may be asked while the first still works: for reads. */
export function isHedgeable({ policy, method }: { policy: Policy; method: string }): boolean {
  return policy.flow === 'message' && (method === 'GET' || method === 'HEAD')
}

/** Answers that count against the replica. */
export const countsAsFailure = (status: number): boolean =>
  status >= 500 && status !== 501 && status !== 505 && status !== 507

/** What the client is told of a replica's failure: nothing that names it. The cause is for the log. */
export function problemOf(error: Error): ProblemError {
  if (error instanceof ProblemError) return error
  return BadGateway({ cause: error })
}

export const unavailable = (retryAfterMs: number, detail: string): ProblemError =>
  ServiceUnavailable({ detail, headers: { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) } })

export const tooLate = (bodyIsComplete: boolean): ProblemError =>
  bodyIsComplete ? DeadlineExceeded() : RequestTimeout()

/** A failure that is the client's, not the replica's: its body was too large, or its request cannot be put into HTTP. */
export function ownProblem(error: NodeJS.ErrnoException): ProblemError | null {
  const problem = problemOf(error)
  if (problem.status < 500) return problem
  const unsendable = ['BAD_REQUEST_FIELD', 'UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED']
  return unsendable.includes(error.code ?? '')
    ? BadRequest({ detail: 'The request cannot be passed on.', cause: error })
    : null
}
