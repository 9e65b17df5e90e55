import { performance } from 'node:perf_hooks'
import { BadGateway, type ProblemError } from '@portico/contracts'
import type { Telemetry } from '@portico/telemetry'
import type { Upstream } from '../balancing/upstream.ts'
import { ClientSink } from './client-sink.ts'
import { Exchange } from './exchange.ts'
import { createLane, type Lane } from './lane.ts'
import { Payload } from './payload.ts'
import { dropTheRest } from './request-body.ts'
import { createSweep } from './sweep.ts'
import type { Forwarder, ForwardTarget } from './target.ts'
import type { ExchangeBounds } from './tools.ts'
import { Handshake } from './upgrade.ts'
import { WholeSink } from './whole-sink.ts'

export interface ForwarderOptions {
  readonly telemetry: Pick<Telemetry, 'tracer'>
  /** Monotonic milliseconds; the clock of `deadlineAtMs`. */
  readonly clock?: () => number
  readonly random?: () => number
  readonly bounds?: Partial<ExchangeBounds>
  /** How many requests may wait for a replica of one service. */
  readonly parkingLimit?: number
  readonly limitConcurrency?: boolean
}

const defaultBounds: ExchangeBounds = { sends: 10, repeats: 3, parkingMs: 5_000, silenceMs: 60_000, hedgeFloorMs: 20 }
const sweepMs = 10

/** Sends requests to replicas and their answers back, streaming. See `Forwarder` for what it promises. */
export function createForwarder(options: ForwarderOptions): Forwarder {
  const { clock = () => performance.now(), random = Math.random, parkingLimit = 512, limitConcurrency = true } = options
  const sweep = createSweep(clock, sweepMs)
  const tools = {
    clock,
    random,
    tracer: options.telemetry.tracer,
    sweep,
    bounds: { ...defaultBounds, ...options.bounds },
  }
  const lanes = new Map<Upstream, Lane>()

  function laneOf(upstream: Upstream): Lane {
    let lane = lanes.get(upstream)
    if (lane === undefined) {
      lane = createLane(upstream, { clock, parkingLimit, limitConcurrency })
      lanes.set(upstream, lane)
    }
    return lane
  }

  const forward: Forwarder['forward'] = ({ raw: request }, reply, target) =>
    new Promise((resolve, reject) => {
      const settle = (problem: ProblemError | null) => {
        if (problem === null) resolve()
        else {
          if (!request.complete) reply.raw.once('finish', () => dropTheRest(request))
          reject(problem)
        }
      }
      let payload: Payload
      try {
        payload = Payload.from(request, reply.raw, target.policy.bodyLimitBytes)
      } catch (error) {
        reply.raw.once('finish', () => dropTheRest(request))
        reject(error)
        return
      }
      const sink = new ClientSink(request, reply, target.onHead)
      const exchange = new Exchange(tools, laneOf(target.upstream), target, payload, sink, settle)
      sink.watch(exchange)
      exchange.begin()
    })

  function ask(target: ForwardTarget, { body, limitBytes }: { body: Buffer | null; limitBytes: number }) {
    return new Promise<NonNullable<ReturnType<WholeSink['answer']>>>((resolve, reject) => {
      const sink = new WholeSink(limitBytes)
      const settle = (problem: ProblemError | null) => {
        const answer = problem === null ? sink.answer() : null
        if (answer !== null) resolve(answer)
        else reject(problem ?? BadGateway())
      }
      new Exchange(tools, laneOf(target.upstream), target, Payload.of(body), sink, settle).begin()
    })
  }

  return {
    forward,
    ask,
    stream(target, sink, settle) {
      const exchange = new Exchange(tools, laneOf(target.upstream), target, Payload.of(null), sink, settle)
      exchange.begin()
      return { resume: () => exchange.resume(), giveUp: () => exchange.clientClosed(false) }
    },
    upgrade(request, socket, head, target) {
      new Handshake(tools, laneOf(target.upstream), request, socket, head, target).begin()
    },
    refusal: (upstream, flow) => laneOf(upstream).refusal(flow),
    snapshot: () => [...lanes.values()].map(lane => lane.snapshot()),
    close() {
      sweep.close()
      for (const lane of lanes.values()) lane.close()
    },
  }
}
