import {
  BadGateway,
  BadRequest,
  BodyTooLarge,
  DeadlineExceeded,
  Forbidden,
  HeadersTooLarge,
  InternalError,
  InvalidInput,
  MalformedBody,
  MethodNotAllowed,
  NotAcceptable,
  NotFound,
  NotSignedIn,
  type ProblemDefinition,
  ProblemError,
  RequestTimeout,
  RouteNotFound,
  ServiceUnavailable,
  TargetTooLong,
  TooManyRequests,
  UnsupportedMediaType,
} from '@portico/contracts'
import { CommitUnknown, isConnectionError, isTimeout } from '@portico/database'
import { recordFailure, type Telemetry } from '@portico/telemetry'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { invalidFields } from '../validation/invalid-fields.ts'
import { allowedMethods } from './allowed-methods.ts'

/** Every failure leaves as `application/problem+json`; what has no name leaves as `internal_error` and nothing more. */
export function answerProblems(app: FastifyInstance, { log }: Telemetry): void {
  const methodsOf = allowedMethods(app)

  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error, request)
    if (problem.status >= 500) {
      log.error({ err: error, code: problem.code, route: request.routeOptions.url }, 'request failed')
      if (request.trace) recordFailure(request.trace.span, error)
    }
    return sendProblem(request, reply, problem)
  })

  app.setNotFoundHandler((request, reply) => {
    const methods = methodsOf(request.url)
    const problem = methods.length > 0 ? MethodNotAllowed({ headers: { allow: methods.join(', ') } }) : RouteNotFound()
    return sendProblem(request, reply, problem)
  })
}

/** A path that no router can read: not percent-encoded text, or with a segment beyond any length. No hook has run. */
export function answerUnroutable(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  sendProblem(request, reply, byStatus(error) ?? BadRequest({ cause: error }))
}

/** @param request the one that failed: its path and trace go into the body */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: ProblemError): FastifyReply {
  if (request.trace) request.trace.errorType = problem.status >= 500 ? problem.code : undefined
  forgetAnswer(reply)
  const traceId = request.trace?.traceId
  const body = problem.toProblem({ instance: pathOf(request.url), ...(traceId ? { traceId } : {}) })
  return (
    reply
      .code(problem.status)
      .headers({ ...problem.headers, 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
      // As bytes: to a text of JSON Fastify adds a charset, which RFC 8259 does not know.
      .send(Buffer.from(JSON.stringify(body)))
  )
}

// What the handler had set belongs to the answer that will not be: an ETag, a cache tag, a length.
function forgetAnswer(reply: FastifyReply) {
  for (const name of Object.keys(reply.getHeaders())) {
    if (name !== 'server-timing' && name !== 'connection') reply.removeHeader(name)
  }
}

function problemOf(error: unknown, request: FastifyRequest): ProblemError {
  if (error instanceof ProblemError) return error
  const reason = request.deadline?.reason
  if (reason instanceof ProblemError) return reason
  if (isValidation(error)) {
    return InvalidInput({ errors: invalidFields(error.validation, error.validationContext), cause: error })
  }
  // PostgreSQL ended the statement: to the caller that is the same as our own deadline.
  if (isTimeout(error)) return DeadlineExceeded({ cause: error })
  if (error instanceof CommitUnknown && !isRepeatable(request)) return BadGateway({ cause: error })
  if (isConnectionError(error)) return ServiceUnavailable({ headers: { 'retry-after': '1' }, cause: error })
  return byStatus(error) ?? InternalError({ cause: error })
}

/** Whether doing it once more does no more: otherwise nobody may be told to repeat what may have been done. */
function isRepeatable({ routeOptions, headers }: FastifyRequest): boolean {
  const repeatable = routeOptions.config.operation?.policy.repeatable
  return repeatable === 'always' || (repeatable === 'with-key' && headers['idempotency-key'] !== undefined)
}

/** What Fastify and its plugins throw for a bad request carries a status; their wording stays here. */
function byStatus(error: unknown): ProblemError | undefined {
  if (!(error instanceof Error) || !('statusCode' in error) || typeof error.statusCode !== 'number') return undefined
  const code = 'code' in error ? String(error.code) : ''
  const definition = fastifyCodes[code] ?? clientErrors[error.statusCode]
  return definition?.({ cause: error })
}

const fastifyCodes: Readonly<Record<string, ProblemDefinition>> = {
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: MalformedBody,
  FST_ERR_CTP_INVALID_JSON_BODY: MalformedBody,
  FST_ERR_CTP_EMPTY_JSON_BODY: MalformedBody,
  FST_INVALID_MULTIPART_CONTENT_TYPE: UnsupportedMediaType,
}

const clientErrors: Readonly<Record<number, ProblemDefinition>> = {
  400: BadRequest,
  401: NotSignedIn,
  403: Forbidden,
  404: NotFound,
  406: NotAcceptable,
  408: RequestTimeout,
  413: BodyTooLarge,
  414: TargetTooLong,
  415: UnsupportedMediaType,
  429: TooManyRequests,
  431: HeadersTooLarge,
}

interface ValidationFailure {
  validation: readonly unknown[]
  validationContext: string | undefined
}

function isValidation(error: unknown): error is ValidationFailure {
  return typeof error === 'object' && error !== null && 'validation' in error && Array.isArray(error.validation)
}

function pathOf(url: string): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}
