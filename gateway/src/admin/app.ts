import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import {
  CachePurge,
  cachePurgeSubject,
  defineBroadcast,
  Forbidden,
  InternalError,
  InvalidInput,
  NotFound,
  ProblemError,
  RouteNotFound,
} from '@portico/contracts'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import { mergeOpenApi } from '../docs/openapi.ts'
import { metricsPage } from './metrics-page.ts'
import * as operations from './operations.ts'
import { explain, viewOfRoutes, viewOfStatus, viewOfUpstream } from './views.ts'

/** What operators and their tools ask and change, on a port of its own that is not for the world. */
export function createAdmin(context: Context): FastifyInstance {
  const { upstreams, config, orders, directory, cache, bus } = context
  const app = Fastify({ logger: false, forceCloseConnections: true }).withTypeProvider<TypeBoxTypeProvider>()
  app.addHook('onRequest', refusePages)
  if (loopbackName.test(config.adminHost)) app.addHook('onRequest', refuseForeignNames)
  app.setErrorHandler((error, request, reply) => sendProblem(request, reply, problemOf(error)))
  app.setNotFoundHandler((request, reply) => sendProblem(request, reply, RouteNotFound()))

  const known = (service: string) => {
    const upstream = directory.services().find(({ name }) => name === service)?.upstream
    if (upstream === undefined) throw NotFound({ detail: 'No such service is known.' })
    return upstream
  }

  app.get('/healthz', () => ({ status: 'ok' }))
  app.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await metricsPage(context)
    return reply.type(contentType).send(body)
  })
  const document = JSON.stringify(
    mergeOpenApi([operations.adminDocument], { publicUrl: `http://${config.adminHost}:${config.adminPort}` }),
  )
  app.get('/openapi.json', (_request, reply) => reply.type('application/json').send(document))

  app.route({ ...operations.status, handler: () => viewOfStatus(context) })
  app.route({
    ...operations.listUpstreams,
    handler: () => ({ items: upstreams.all().map(upstream => viewOfUpstream(context, upstream)) }),
  })
  app.route({
    ...operations.getUpstream,
    handler: ({ params }) => viewOfUpstream(context, known(params.service)),
  })
  app.route({
    ...operations.changeUpstream,
    handler: ({ params, body }) => {
      const upstream = known(params.service)
      orders.give({ service: params.service, ...body })
      return viewOfUpstream(context, upstream)
    },
  })
  app.route({
    ...operations.changeReplica,
    handler: ({ params, body }) => {
      const upstream = known(params.service)
      if (!upstream.replicas.some(({ id }) => id === params.replica))
        throw NotFound({ detail: 'No such replica is known.' })
      orders.give({ service: params.service, replica: params.replica, ...body })
      return viewOfUpstream(context, upstream)
    },
  })
  app.route({ ...operations.listRoutes, handler: () => viewOfRoutes(context) })
  app.route({
    ...operations.explainRequest,
    handler: ({ query }) => explain(context, query.method ?? 'GET', query.path),
  })
  app.route({
    ...operations.cacheState,
    handler: () => cache?.stats() ?? { entries: 0, bytes: 0, limitBytes: 0, filling: 0 },
  })
  app.route({
    ...operations.purgeCache,
    handler: ({ body }) => {
      bus.broadcast(Purged, body)
      return { dropped: cache?.purge(body.tags) ?? 0 }
    },
  })
  return app
}

const Purged = defineBroadcast(cachePurgeSubject('gateway'), CachePurge, {
  description: 'An operator wants kept answers gone: every gateway drops them',
})

/** A page in a browser on this machine can reach loopback too: whoever sends an Origin is one, and has no business here. */
function refusePages(request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void {
  const { origin, host = '' } = request.headers
  const isForeign = origin !== undefined && origin !== `http://${host}`
  done(
    isForeign && request.method !== 'GET'
      ? Forbidden({ detail: 'Pages of other origins may not do this.' })
      : undefined,
  )
}

const loopbackName = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)(?::\d{1,5})?$/i

/** A page whose name has come to mean this machine (DNS rebinding) is of the same origin for its browser, and could read all. */
function refuseForeignNames(request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void {
  const { host = '' } = request.headers
  done(loopbackName.test(host) ? undefined : Forbidden({ detail: 'This port is called localhost.' }))
}

function problemOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error
  if (error instanceof Error && 'statusCode' in error && Number(error.statusCode) < 500) {
    return InvalidInput({ detail: error.message })
  }
  return InternalError({ cause: error })
}

function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: ProblemError): FastifyReply {
  return reply
    .code(problem.status)
    .headers(problem.headers)
    .type('application/problem+json')
    .send(JSON.stringify(problem.toProblem({ instance: request.url })))
}
