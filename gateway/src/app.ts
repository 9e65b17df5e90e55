import type { IncomingMessage } from 'node:http'
import proxy from '@fastify/http-proxy'
import { BadRequest, ProblemError, UnsupportedMediaType } from '@portico/contracts'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Context } from './context.ts'
import { docPaths, registerDocs } from './docs/index.ts'
import { checkAccess, requireRoute } from './edge/access.ts'
import { allowOrigin, answerOptions, isPreflight } from './edge/cors.ts'
import { checkOrigin } from './edge/csrf.ts'
import { allowExplanation } from './edge/explain.ts'
import { checkDeclaredBody } from './edge/limits.ts'
import { answerPlain } from './edge/plain-answer.ts'
import { probePaths, probes } from './edge/probes.ts'
import { createEdgeServer } from './edge/server.ts'
import { authenticate } from './edge/session.ts'
import { createShortcut } from './edge/shortcut.ts'
import { startTrace } from './edge/trace.ts'
import { createUpgrades } from './edge/upgrade.ts'
import { inOrder, type Step, type Visit } from './edge/visit.ts'

/** The edge, in the order in which a request meets it. */
export function edgeSteps(context: Context): readonly Step[] {
  const {
    addresses,
    directory,
    telemetry,
    origins,
    sessions,
    limiter,
    shed,
    forwardStep,
    cache,
    heads,
    report,
    sampling,
  } = context
  return [
    visit => {
      visit.route ??= directory.table.find(visit.request.method ?? 'GET', visit.target.path)
    },
    visit => addresses.settle(visit),
    visit => startTrace(telemetry, sampling, visit),
    visit => allowOrigin(visit, origins),
    visit => {
      if (visit.request.method !== 'OPTIONS' || (visit.route !== null && !isPreflight(visit))) return false
      const answer = answerOptions(visit, directory.table, origins)
      return answer !== null && answerPlain(visit, answer, heads, report)
    },
    visit => requireRoute(visit, directory.table),
    shed,
    checkDeclaredBody,
    visit => authenticate(visit, sessions, limiter),
    visit => limiter?.count(visit),
    visit => checkOrigin(visit, origins),
    checkAccess,
    allowExplanation,
    visit => cache?.answer(visit),
    visit => forwardStep.forward(visit),
  ]
}

const ownRoutes: ReadonlySet<string> = new Set([...probePaths, ...docPaths])

/** The whole front door: one catch-all mount of http-proxy, whose handler is ours. */
export async function createApp(context: Context): Promise<FastifyInstance> {
  const { reception, answerProblem, limits, telemetry, directory, readiness, sampling } = context
  const run = inOrder(edgeSteps(context))

  const shortcut = createShortcut({ directory, ownPaths: ownRoutes, reception, enter })
  const upgrade = createUpgrades({ reception, run, answerProblem })

  const app = Fastify({
    logger: false,
    // The trace's id is the request's.
    genReqId: () => '',
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    keepAliveTimeout: limits.keepAliveMs,
    routerOptions: { maxParamLength: 8_192, ignoreTrailingSlash: false },
    // The edge's own steps read the target. http-proxy would take the path apart again, and resolve it against three URLs:
    // 4 us a request, as much as the rest of the edge. It sees the root of what it is mounted on.
    rewriteUrl: request => {
      const { path } = reception.visitOf(request as IncomingMessage).target
      return ownRoutes.has(path) ? path : '/'
    },
    frameworkErrors: (_error, request, reply) => fail(request, reply, BadRequest()),
    serverFactory: handler =>
      createEdgeServer(
        { ...context, tls: context.config.tls, front: shortcut.front },
        shortcut.before(handler),
        upgrade,
      ),
  })

  function visit(request: FastifyRequest, reply: FastifyReply): void {
    const visit = reception.visitOf(request.raw)
    reply.hijack()
    visit.reply = reply
    enter(visit)
  }
  function enter(visit: Visit): void {
    try {
      run(visit)?.catch(error => answerProblem(visit, error))
    } catch (error) {
      answerProblem(visit, error)
    }
  }
  function fail(request: FastifyRequest, reply: FastifyReply, problem: ProblemError): void {
    reply.hijack()
    const visit = reception.visitOf(request.raw)
    if (visit.traceId === '') startTrace(telemetry, sampling, visit)
    answerProblem(visit, problem)
  }

  // Bodies stream: no parser of Fastify's may touch one.
  app.removeAllContentTypeParsers()
  app.setErrorHandler((error, request, reply) => fail(request, reply, problemOf(error)))
  app.setNotFoundHandler(visit)
  probes(app, { directory, readiness })
  registerDocs(app, context)
  await app.register(proxy, {
    // http-proxy asks for one; the balancer names the real one for each request.
    upstream: 'http://replica.invalid',
    handler: visit,
  })
  return app
}

function problemOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : 500
  if (status === 415) return UnsupportedMediaType()
  if (typeof status === 'number' && status >= 400 && status < 500) return BadRequest()
  throw error
}
