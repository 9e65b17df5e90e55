import { type Bus, connectBus } from '@portico/messaging'
import { createTelemetry, type Telemetry } from '@portico/telemetry'
import { createOrders, type Orders } from './admin/orders.ts'
import { createHealthChecks } from './balancing/health.ts'
import { upstreamDefaults } from './balancing/upstream.ts'
import { createUpstreams, type Upstreams } from './balancing/upstreams.ts'
import type { Config } from './config.ts'
import { watchAnnouncements } from './discovery/announced.ts'
import { createContractStore } from './discovery/contract-store.ts'
import { createDirectory, type Directory } from './discovery/directory.ts'
import { watchNames } from './discovery/dns.ts'
import { watchList } from './discovery/listed.ts'
import { type AnswerHeads, createAnswerHeads } from './edge/answer-head.ts'
import { openCache } from './edge/cache/index.ts'
import { hearPurges } from './edge/cache/purge.ts'
import type { ResponseCache } from './edge/cache/response-cache.ts'
import { type ClientAddresses, createClientAddresses } from './edge/client-address.ts'
import { type Compressor, createCompressor } from './edge/compression.ts'
import type { Origins } from './edge/cors.ts'
import { createExchange } from './edge/exchange.ts'
import { createFarewell, type Farewell } from './edge/farewell.ts'
import { createForwardStep, type ForwardStep } from './edge/forward.ts'
import type { Limits } from './edge/limits.ts'
import { createOpenDoors, type OpenDoors } from './edge/open-doors.ts'
import type { Readiness } from './edge/probes.ts'
import { type AnswerProblem, createProblemAnswer } from './edge/problem-answer.ts'
import { createRateLimiter, type RateLimiter } from './edge/rate-limit.ts'
import { shareCounts } from './edge/rate-news.ts'
import { createReception, type Reception } from './edge/reception.ts'
import { type Answered, createReport, type Report } from './edge/report.ts'
import { createSampling, type Sampling } from './edge/sampling.ts'
import { securityHeaders } from './edge/security-headers.ts'
import { createSessions, type Sessions } from './edge/session-cache.ts'
import { hearSessionNews } from './edge/session-news.ts'
import { createShedding, type Shed } from './edge/shedding.ts'
import { createForwarder } from './forward/forwarder.ts'
import type { Forwarder } from './forward/target.ts'

/** Everything long-lived, built in the order in which one part needs another, closed in the other one. */
export interface Context {
  readonly config: Config
  readonly telemetry: Telemetry
  readonly bus: Bus
  readonly directory: Directory
  readonly upstreams: Upstreams
  readonly forwarder: Forwarder
  readonly limits: Limits
  readonly origins: Origins
  readonly addresses: ClientAddresses
  readonly sessions: Sessions
  /** Null: nobody is counted. */
  readonly limiter: RateLimiter | null
  readonly heads: AnswerHeads
  readonly report: Report
  readonly sampling: Sampling
  readonly answered: () => Iterable<Answered>
  readonly reception: Reception
  readonly answerProblem: AnswerProblem
  readonly shed: Shed
  readonly forwardStep: ForwardStep
  /** Null: nothing is kept. */
  readonly cache: ResponseCache | null
  readonly readiness: Readiness
  readonly farewell: Farewell
  readonly doors: OpenDoors
  readonly compressor: Compressor | null
  readonly orders: Orders
  close(): Promise<void>
}

/** What a test may bring along. */
export interface Overrides {
  telemetry?: Telemetry
  bus?: Bus
  /** Monotonic milliseconds. */
  clock?: () => number
  wallClock?: () => number
  random?: () => number
}

export async function createContext(config: Config, overrides: Overrides = {}): Promise<Context> {
  const { clock = () => performance.now(), wallClock = Date.now, random = Math.random } = overrides
  const telemetry = overrides.telemetry ?? telemetryOf(config)
  const bus = overrides.bus ?? (await busOf(config, telemetry))
  const upstreams = createUpstreams(() => ({
    ...upstreamDefaults,
    clock,
    random,
    strategy: config.strategy,
    zone: config.zone,
    slowStartMs: config.slowStartMs,
  }))
  const health = createHealthChecks(upstreams)
  const directory = createDirectory({
    clock,
    log: telemetry.log,
    contracts: createContractStore(),
    createUpstream: service => upstreams.of(service),
  })
  const forwarder = createForwarder({ clock, telemetry, random })

  const heads = createAnswerHeads(securityHeaders({ https: config.publicUrl.startsWith('https:') }), {
    varyOnOrigin: config.corsOrigins.length > 0,
  })
  const { report, answered } = createReport(clock)
  const addresses = createClientAddresses(config.trustedProxies)
  const sessions = createSessions({
    clock: wallClock,
    ask: createExchange({ clock, forwarder, exchanger: directory.exchanger }),
    silenceMs: () => news.silenceMs(),
  })
  const doors = createOpenDoors({ sessions })
  const news = hearSessionNews({ bus, directory, sessions, onRevoked: doors.shut })
  const limiter = config.rates === null ? null : createRateLimiter(wallClock, config.rates)

  const compressor = config.compression ? createCompressor() : null
  const forwardStep = createForwardStep({ forwarder, heads, report, compressor, doors })
  const { targetOf } = forwardStep
  const cache =
    config.cacheBytes === 0
      ? null
      : openCache({
          limitBytes: config.cacheBytes,
          forwarder,
          targetOf,
          heads,
          report,
          compressor,
          telemetry,
          clock,
          wallClock,
        })
  const readiness: Readiness = { stopping: false }
  const farewell = createFarewell()
  // Two workers share an instance's name: news are told apart by process.
  const processName = `${config.instance}.${process.pid}`
  const orders = createOrders({ bus, upstreams, instance: processName })
  const sources = [
    watchAnnouncements({ bus, directory, clock }),
    watchList({ replicas: config.listed, directory }),
    watchNames({ names: config.named, directory, everyMs: config.dnsEveryMs }),
    news,
    doors,
    orders,
    ...(limiter === null ? [] : [shareCounts({ bus, limiter, instance: processName })]),
    ...(cache === null ? [] : [hearPurges(bus, cache)]),
  ]

  return {
    config,
    telemetry,
    bus,
    directory,
    upstreams,
    forwarder,
    limits: config.limits,
    origins: new Set([new URL(config.publicUrl).origin, ...config.corsOrigins]),
    addresses,
    sessions,
    limiter,
    heads,
    report,
    sampling: createSampling(config.telemetry.otlpUrl === null ? 0 : config.telemetry.sampleRatio, random),
    answered,
    reception: createReception({
      clock,
      telemetry,
      addresses,
      heads,
      limits: config.limits,
      farewell,
    }),
    answerProblem: createProblemAnswer({ telemetry, heads, report }),
    shed: createShedding({ forwarder, heads, report }),
    forwardStep,
    cache,
    readiness,
    farewell,
    doors,
    compressor,
    orders,
    async close() {
      for (const source of sources) source.close()
      health.close()
      forwarder.close()
      await upstreams.close()
      await bus.close()
      await telemetry.shutdown()
    },
  }
}

// Who is recorded is decided before the tracer is asked: it records all it is asked for.
const telemetryOf = ({ instance, telemetry: { otlpUrl, logLevel } }: Config) =>
  createTelemetry({
    service: 'gateway',
    instance,
    version: '0.1.0',
    logLevel,
    sampleRatio: 1,
    ...(otlpUrl === null ? {} : { otlpUrl }),
  })

const busOf = ({ instance, bus: { servers, user, password } }: Config, telemetry: Telemetry) =>
  connectBus({
    servers,
    name: instance,
    telemetry,
    ...(user === null ? {} : { user }),
    ...(password === null ? {} : { password }),
  })
