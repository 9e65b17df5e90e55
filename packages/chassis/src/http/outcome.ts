import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import { Answer } from './answer.ts'

/** Lets handlers give back an {@link Answer}, and gives a bare body the contract's first 2xx as its status. */
export function unwrapAnswers(app: FastifyInstance): void {
  app.addHook('onRoute', route => {
    const successStatus = successOf(route.schema?.response)
    route.config = { ...route.config, successStatus }
    route.handler = unwrapping(route.handler, successStatus)
  })
}

function unwrapping(handler: RouteHandlerMethod, successStatus: number): RouteHandlerMethod {
  return async function (request: FastifyRequest, reply: FastifyReply) {
    const result: unknown = await handler.call(this, request, reply)
    if (reply.sent || result === reply) return reply
    if (result instanceof Answer) {
      reply.code(result.status ?? successStatus).headers(result.headers)
      return send(reply, result.body)
    }
    // A handler that called reply.code() itself knows better.
    if (reply.statusCode === 200) reply.code(successStatus)
    return send(reply, result)
  }
}

// Fastify would serialise a null, and answer 204 and 304 with a Content-Length of 4.
function send(reply: FastifyReply, body: unknown): unknown {
  return body === null || body === undefined ? reply.send() : body
}

function successOf(response: unknown): number {
  const statuses = Object.keys(response ?? {})
    .map(Number)
    .filter(status => status >= 200 && status < 300)
  return statuses.length > 0 ? Math.min(...statuses) : 200
}
