import type { IncomingMessage } from 'node:http'
import { InternalError, Overloaded, ProblemError } from '@portico/contracts'
import { recordFailure, type Telemetry } from '@portico/telemetry'
import { breakOff } from '../forward/response.ts'
import type { AnswerHeads } from './answer-head.ts'
import type { Report } from './report.ts'
import type { Visit } from './visit.ts'

export type AnswerProblem = (visit: Visit, error: unknown) => void

/**
 * Answers a failure as problem+json (RFC 9457). What is not a named problem is a defect: logged whole, answered without
 * a word of it.
 */
export function createProblemAnswer({
  telemetry,
  heads,
  report,
}: {
  telemetry: Telemetry
  heads: AnswerHeads
  report: Report
}): AnswerProblem {
  return (visit, error) => {
    const problem = error instanceof ProblemError ? error : InternalError({ cause: error })
    visit.errorCode = problem.code
    recordFailure(visit.span, problem)
    // A line for each refusal would be work when there is too much of it already: `portico_shed_total` counts them.
    if (problem.status >= 500 && problem.code !== Overloaded.code) logFailure(telemetry, visit, problem)
    const { response } = visit
    if (response.headersSent || response.destroyed) {
      breakOff(response)
    } else {
      const { headers, body } = problemMessage(problem, visit, heads)
      sendEarly(visit, problem.status, headers, body)
    }
    report(visit, problem.status, 0)
  }
}

/** Head and body of a problem. `visit` null: the request could not even be read. */
export function problemMessage(
  problem: ProblemError,
  visit: Visit | null,
  heads: AnswerHeads,
): { headers: string[]; body: string } {
  const context =
    visit === null ? {} : { instance: visit.target.path, ...(visit.traceId && { traceId: visit.traceId }) }
  const body = JSON.stringify(problem.toProblem(context))
  const headers = problemHead(body, Object.entries(problem.headers).flat())
  heads.dress(visit, headers)
  return { headers, body }
}

/** Flat, before it is dressed. */
export const problemHead = (body: string, own: readonly string[]): string[] => [
  'content-type',
  'application/problem+json',
  'content-length',
  String(Buffer.byteLength(body)),
  'cache-control',
  'no-store',
  ...own,
]

const lingerMs = 1_000
const drainedBytes = 64 * 1024

/**
 * Sends an answer before the request's body has come whole. A small rest is read away and the connection lives on. With
 * a large one it must close, but only after the client had time to read the answer: closing while bytes arrive resets
 * the connection and the answer is lost (RFC 9112, section 9.6). A text in ASCII leaves in one write with its head.
 */
export function sendEarly(visit: Visit, status: number, headers: string[], body: Buffer | string): void {
  const { request, response } = visit
  const bodyless = request.method === 'HEAD' || status === 204 || status === 304
  const restIsSmall = request.complete || Number(request.headers['content-length'] ?? Number.NaN) <= drainedBytes
  const hasNoBody =
    request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined
  if (restIsSmall || hasNoBody || request.httpVersionMajor === 2) {
    response.writeHead(status, headers)
    if (bodyless) response.end()
    else if (typeof body !== 'string') response.end(body)
    else response.end(body, Buffer.byteLength(body) === body.length ? 'latin1' : 'utf8')
    // Node takes a request without body for complete only once its handler has returned.
    if (!request.complete && !hasNoBody && request.httpVersionMajor !== 2) boundRest(request)
    return
  }
  visit.peer.closing = true
  response.writeHead(status, [...headers, 'connection', 'close'])
  if (!bodyless) response.write(body)
  else response.flushHeaders()
  request.resume()
  const close = () => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(close, lingerMs)
  request.once('end', close).once('close', close).once('error', close)
}

const restMs = 5_000

/** A small rest that does not come is not waited for. */
function boundRest(request: IncomingMessage): void {
  const timer = setTimeout(() => request.socket.destroy(), restMs)
  const clear = () => clearTimeout(timer)
  request.once('end', clear).once('close', clear)
}

function logFailure({ log }: Telemetry, visit: Visit, problem: ProblemError): void {
  const about = { traceId: visit.traceId, path: visit.target.path, route: visit.route?.name, code: problem.code }
  if (problem.code === 'internal_error') log.error({ ...about, err: problem.cause }, 'request failed')
  else log.warn({ ...about, err: problem.cause }, 'request failed')
}
