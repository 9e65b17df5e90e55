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
    const result = await resultOf(handler, this, request, reply)
    if (reply.sent || result === reply) return reply
    const { body, status, headers } = result instanceof Answer ? result : new Answer(result)
    // A handler that called reply.code() itself knows better than the contract.
    if (status !== undefined || reply.statusCode === 200) reply.code(status ?? successStatus)
    reply.headers(headers)
    return send(reply, body)
  }
}

async function resultOf(
  handler: RouteHandlerMethod,
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  try {
    return await handler.call(app, request, reply)
  } catch (error) {
    if (!reply.sent) throw error
    // The deadline has answered already, and most likely this is its abort coming back.
    request.log.debug({ err: error }, 'a handler failed after its answer')
    return reply
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
