import type { TSchema } from 'typebox'
import { type Policy, policyOf } from './policy.ts'
import { Problem, type ProblemDefinition } from './problem.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** The schemas of a route under the names Fastify knows. */
export interface OperationSchema {
  readonly params?: TSchema
  readonly querystring?: TSchema
  readonly headers?: TSchema
  readonly body?: TSchema
  readonly response: Readonly<Record<number | string, TSchema>>
}

/**
 * One thing a service can be asked. The same object types the handler, validates, serialises, documents,
 * types the client, and tells the gateway the route's policy: spread it into `app.route`.
 */
export interface Operation<Schema extends OperationSchema = OperationSchema, Id extends string = string> {
  readonly id: Id
  readonly method: Method
  /** Fastify's notation: `/v1/posts/:id`. */
  readonly url: string
  readonly summary: string
  readonly description: string
  readonly tags: readonly string[]
  readonly schema: Schema
  readonly errors: readonly ProblemDefinition[]
  readonly policy: Policy
  /** What a request body is made of when it is not JSON: `multipart/form-data`. */
  readonly consumes: string
  /** What a success is made of when it is not JSON: `image/*`. */
  readonly produces: string
  readonly bodyLimit?: number
  readonly config: { readonly operation: OperationSummary }
}

/** What a running route knows of its contract. */
export interface OperationSummary {
  readonly id: string
  readonly policy: Policy
}

export interface OperationSpec<Schema extends OperationSchema, Id extends string> {
  id: Id
  method: Method
  url: string
  summary: string
  description?: string
  tags?: readonly string[]
  schema: Schema
  /** The named failures of its own; those any route can have are added where it is documented. */
  errors?: readonly ProblemDefinition[]
  policy?: Partial<Policy>
  consumes?: string
  produces?: string
}

/**
 * @example
 * export const getPost = defineOperation({
 *   id: 'getPost', method: 'GET', url: '/v1/posts/:idOrSlug', summary: 'Read one post',
 *   schema: { params: Type.Object({ idOrSlug: Type.String() }), response: { 200: Post } },
 *   errors: [PostNotFound], policy: { access: 'public' },
 * })
 */
export function defineOperation<const Schema extends OperationSchema, const Id extends string>(
  spec: OperationSpec<Schema, Id>,
): Operation<Schema, Id> {
  const policy = policyOf(spec.method, spec.policy)
  return {
    id: spec.id,
    method: spec.method,
    url: spec.url,
    summary: spec.summary,
    description: spec.description ?? '',
    tags: spec.tags ?? [],
    schema: { ...spec.schema, response: { ...spec.schema.response, '4xx': Problem, '5xx': Problem } },
    errors: spec.errors ?? [],
    policy,
    consumes: spec.consumes ?? 'application/json',
    produces: spec.produces ?? 'application/json',
    ...(policy.bodyLimitBytes > 0 ? { bodyLimit: policy.bodyLimitBytes } : {}),
    config: { operation: { id: spec.id, policy } },
  }
}
