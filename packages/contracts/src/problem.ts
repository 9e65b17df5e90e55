import type { StaticDecode, TSchema } from 'typebox'
import { Type } from 'typebox'

/** One field of the input that is wrong: where (RFC 6901 pointer as a fragment), in which part, and why. */
export const InvalidField = Type.Object({
  pointer: Type.String({ description: 'JSON Pointer to the value, as a URI fragment: `#/title`' }),
  in: Type.Optional(Type.Enum(['body', 'query', 'path', 'header'])),
  detail: Type.String(),
})
export type InvalidField = StaticDecode<typeof InvalidField>

/** `application/problem+json` as RFC 9457 defines it, with Portico's `code` and `traceId`. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'Where this problem is documented' }),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.Optional(Type.String()),
    instance: Type.Optional(Type.String()),
    code: Type.String({ description: 'The literal to branch on' }),
    traceId: Type.Optional(Type.String()),
    errors: Type.Optional(Type.Array(InvalidField)),
  },
  { $id: 'Problem', additionalProperties: true },
)
export type Problem = StaticDecode<typeof Problem>

/** One entry of the error catalogue. Calling it makes the error to throw. */
export interface ProblemDefinition<Code extends string = string> {
  readonly code: Code
  readonly status: number
  readonly title: string
  /** For the reader of the catalogue: when this happens, and what to do about it. */
  readonly meaning: string
  (details?: ProblemDetails): ProblemError<Code>
}

export interface ProblemDetails {
  /** What happened this time. Never holds an address, SQL, a path of the host or a secret. */
  detail?: string
  errors?: InvalidField[]
  /** Response headers that belong to the problem: `Retry-After`, `Allow`, `WWW-Authenticate`. */
  headers?: Record<string, string>
  /** Extension members (RFC 9457, section 3.2). */
  extensions?: Record<string, unknown>
  /** Logged, never sent. */
  cause?: unknown
}

/** A failure with a name. Everything else that is thrown is answered as `internal_error`. */
export class ProblemError<Code extends string = string> extends Error {
  readonly code: Code
  readonly status: number
  readonly title: string
  readonly detail: string | undefined
  readonly errors: InvalidField[] | undefined
  readonly headers: Record<string, string>
  readonly extensions: Record<string, unknown>

  constructor(definition: Pick<ProblemDefinition<Code>, 'code' | 'status' | 'title'>, details: ProblemDetails = {}) {
    super(details.detail ?? definition.title, { cause: details.cause })
    this.name = 'ProblemError'
    this.code = definition.code
    this.status = definition.status
    this.title = definition.title
    this.detail = details.detail
    this.errors = details.errors
    this.headers = details.headers ?? {}
    this.extensions = details.extensions ?? {}
  }

  /** Fastify, and whoever else asks an error for its status, reads this name. */
  get statusCode(): number {
    return this.status
  }

  /** The body of the answer. `instance` and `traceId` are the answering side's to add. */
  toProblem(context: { instance?: string; traceId?: string } = {}): Problem {
    return {
      ...this.extensions,
      type: `/docs/problems#${this.code}`,
      title: this.title,
      status: this.status,
      ...(this.detail === undefined ? {} : { detail: this.detail }),
      ...context,
      code: this.code,
      ...(this.errors === undefined ? {} : { errors: this.errors }),
    }
  }
}

/**
 * Names a failure.
 *
 * @example
 * export const PostNotFound = defineProblem('post_not_found', 404, 'There is no such post', 'It never was, …')
 * throw PostNotFound({ detail: 'No published post has this slug.' })
 */
export function defineProblem<const Code extends string>(
  code: Code,
  status: number,
  title: string,
  meaning: string,
): ProblemDefinition<Code> {
  const definition = (details?: ProblemDetails) => new ProblemError({ code, status, title }, details)
  return Object.assign(definition, { code, status, title, meaning })
}

/** The shape of a problem as a response schema of an operation. */
export const problemResponse: TSchema = Problem
