import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { Operation, OperationSchema } from '@portico/contracts'
import type { Principal } from '@portico/identity'
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest, RawServerDefault } from 'fastify'
import type { Static, TSchema } from 'typebox'
import type { Lifecycle } from '../process/lifecycle.ts'
import type { Answer } from './answer.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who it is made for; null for a stranger. */
    principal: Principal | null
    /** @throws NotSignedIn for a stranger */
    requirePrincipal(): Principal
  }
  interface FastifyContextConfig {
    /** The contract's first 2xx: the status of a bare body. */
    successStatus?: number
  }
  interface FastifyInstance {
    lifecycle: Lifecycle
  }
}

type StaticOf<Schema> = Schema extends TSchema ? Static<Schema> : unknown
type Success<Response> = {
  [Status in keyof Response]: `${Status & (number | string)}` extends `2${string}` ? StaticOf<Response[Status]> : never
}[keyof Response]

/** The request of an operation, typed by its contract. */
export type RequestOf<Schema extends OperationSchema> = FastifyRequest<{
  Params: StaticOf<Schema['params']>
  Querystring: StaticOf<Schema['querystring']>
  Headers: StaticOf<Schema['headers']>
  Body: StaticOf<Schema['body']>
}>

/** What a handler may give back: a body that the contract allows, with or without a status and headers of its own. */
export type Result<Schema extends OperationSchema> =
  | Success<Schema['response']>
  | Answer<Success<Schema['response']> | null>

export type OperationRoute<Schema extends OperationSchema, Id extends string> = Operation<Schema, Id> & {
  handler: (
    request: RequestOf<Schema>,
    reply: FastifyReply,
  ) => Result<Schema> | FastifyReply | Promise<Result<Schema> | FastifyReply>
}

interface OperationRoutes {
  /** Mounts an operation of the contract: `app.route({ ...publishPost, handler: request => … })`. */
  route<const Schema extends OperationSchema, const Id extends string>(route: OperationRoute<Schema, Id>): unknown
}

/** A service: Fastify, whose `route` also takes an operation of a contract and types its handler by it. */
export type App = OperationRoutes &
  FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>
