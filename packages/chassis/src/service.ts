import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { contractDocument, internalHeaders, type ServiceContract } from '@portico/contracts'
import type { Verifier } from '@portico/identity'
import { type Telemetry, traceFastify } from '@portico/telemetry'
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify'
import { keepAccess } from './http/access.ts'
import type { App } from './http/app.ts'
import { takeJson } from './http/bodies.ts'
import { answerBrokenRequest } from './http/broken-requests.ts'
import { keepDeadlines } from './http/deadline.ts'
import { unwrapAnswers } from './http/outcome.ts'
import { answerProbes, type Checks } from './http/probes.ts'
import { answerProblems, answerUnroutable } from './http/problems.ts'
import { countRequests, createLifecycle } from './process/lifecycle.ts'
import type { ServiceConfig } from './process/variables.ts'
import { validateBySchema } from './validation/compiler.ts'
import { serialiseBySchema } from './validation/serialising.ts'

export interface ServiceOptions {
  contract: ServiceContract
  config: ServiceConfig
  telemetry: Telemetry
  verifier: Verifier
  /** What it needs to be of use; asked by `/readyz`. */
  ready: Checks
  /** From a request's first byte to its last. Default a minute; a service that takes uploads allows more. */
  requestTimeoutMs?: number
}

const timeouts = {
  /** Longer than any client's: a gateway's pool lets go at 4 s, so a request never meets a closing socket. */
  keepAliveMs: 72_000,
  headersMs: 10_000,
  requestMs: 60_000,
  /** How late a request that is too slow may be noticed; Node's own 30 s would make the others a suggestion. */
  checkedEveryMs: 2_000,
  /** A socket on which nothing moves at all. */
  silentMs: 120_000,
}

/** A gateway takes 16 KiB of a client and adds a token, addresses and a trace: who decides what is too much is the gateway. */
const headBytes = 32 * 1_024

/**
 * What every service gets in one call: problems, request ids, deadlines, principals and access, validation and
 * serialisation by the contract, probes, metrics and traces. `app.ts` then lists features only.
 */
export async function createService(options: ServiceOptions): Promise<App> {
  const { contract, telemetry, verifier, ready } = options
  const app = createFastify(options)
  // In the order in which a request meets them.
  countRequests(app, createLifecycle(), telemetry)
  traceFastify(app, telemetry, { trustParent: true })
  keepDeadlines(app)
  keepAccess(app, verifier)
  takeJson(app)
  validateBySchema(app)
  serialiseBySchema(app)
  unwrapAnswers(app)
  answerProblems(app, telemetry)
  answerProbes(app, { telemetry, checks: ready, document: contractDocument(contract) })
  // The onRoute hook of unwrapAnswers makes the wider `route` true; Fastify has no type for what a hook adds.
  return app.withTypeProvider<TypeBoxTypeProvider>() as App
}

function createFastify({ config, telemetry, requestTimeoutMs = timeouts.requestMs }: ServiceOptions) {
  const logger: FastifyBaseLogger = telemetry.log
  let requests = 0
  return Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    // A line has its trace from the active context: a child logger a request would say the same again, for 2 us.
    childLoggerFactory: parent => parent,
    requestIdHeader: internalHeaders.requestId,
    genReqId: () => `${config.instance}-${++requests}`,
    bodyLimit: 64 * 1_024,
    routerOptions: { maxParamLength: 512 },
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: answerUnroutable,
    keepAliveTimeout: timeouts.keepAliveMs,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: timeouts.silentMs,
    http: {
      maxHeaderSize: headBytes,
      headersTimeout: Math.min(timeouts.headersMs, requestTimeoutMs),
      connectionsCheckingInterval: timeouts.checkedEveryMs,
    },
    // While it drains it still serves: whoever has not heard yet gets an answer.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
  })
}
