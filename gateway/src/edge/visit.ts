import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Span } from '@opentelemetry/api'
import { INVALID_SPAN_CONTEXT, trace } from '@opentelemetry/api'
import type { Principal } from '@portico/identity'
import type { Route } from '../discovery/route.ts'
import type { RawReply } from '../forward/target.ts'
import type { Peer } from './client-address.ts'
import type { Target } from './target.ts'

/**
 * One request at the edge: what each step found out, for the steps after it. One object a request, all fields set at
 * birth, so that the engine keeps one shape for it.
 */
export class Visit {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly target: Target
  readonly peer: Peer
  readonly startedAtMs: number
  /** The client's address, walked only through trusted hops. */
  clientAddress: string
  /** `https` or `http`, as the client sees it. */
  scheme: string
  host: string
  route: Route | null = null
  span: Span = noSpan
  traceId = ''
  principal: Principal | null = null
  /** Sent upstream in place of whatever the client sent. */
  internalToken = ''
  /** How the session came: a cookie makes unsafe requests subject to the origin check. */
  credential: 'none' | 'bearer' | 'cookie' = 'none'
  /** Of the credential, for what stays open and must be asked for again. */
  sessionKey = ''
  sessionToken = ''
  explain = false
  /** Set when this is the handshake of a WebSocket. */
  upgrade: Upgrade | null = null
  /** Fields that the edge adds to the answer, flat. */
  readonly answerHeaders: string[] = []
  /** Told of the service's answer before the client is: of a write, by those who keep what it changed. */
  onAnswer: ((answer: { status: number; headers: readonly string[] }) => void) | null = null
  /** Fastify's, once it has routed the request. */
  reply: RawReply | null = null
  /** Set once metrics and span have it: the forwarder's end and a failure's answer can both be the end. */
  reported = false
  /** For metrics and span, once known. */
  errorCode = ''

  constructor(request: IncomingMessage, response: ServerResponse, target: Target, peer: Peer, nowMs: number) {
    this.request = request
    this.response = response
    this.target = target
    this.peer = peer
    this.startedAtMs = nowMs
    this.clientAddress = peer.address
    this.scheme = peer.encrypted ? 'https' : 'http'
    const { headers } = request
    // HTTP/2 has the authority among its pseudo fields.
    const authority = headers.host ?? headers[':authority']
    this.host = typeof authority === 'string' ? authority : ''
  }
}

/** A socket that wants to become something else. */
export interface Upgrade {
  readonly head: Buffer
  /** Gives the socket away: nobody here answers on it any more. */
  take(): Duplex
}

const noSpan = trace.wrapSpanContext(INVALID_SPAN_CONTEXT)

/**
 * One step of the edge. True, or a promise of it: it answered, the visit ends here; whatever else it gives means nothing.
 * A step that fails throws a ProblemError. A promise costs: steps give one only when they have to wait.
 */
export type Step = (visit: Visit) => unknown

/** The steps one after the other, without a promise as long as none of them needs one. */
export function inOrder(steps: readonly Step[]): (visit: Visit) => Promise<void> | undefined {
  function run(visit: Visit, from: number): Promise<void> | undefined {
    for (let index = from; index < steps.length; index += 1) {
      const outcome = steps[index]?.(visit)
      if (outcome === true) return undefined
      if (outcome instanceof Promise) return goOn(outcome, visit, index + 1)
    }
    return undefined
  }
  async function goOn(waiting: Promise<unknown>, visit: Visit, next: number): Promise<void> {
    if ((await waiting) === true) return
    await run(visit, next)
  }
  return visit => run(visit, 0)
}
