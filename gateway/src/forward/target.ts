import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Span } from '@opentelemetry/api'
import type { Policy, ProblemError } from '@portico/contracts'
import type { Replica } from '../balancing/replica.ts'
import type { Supports, Upstream } from '../balancing/upstream.ts'
import type { Sink } from './sink.ts'

// The seam between the edge and the forwarder. Header lists are flat, `[name, value, name, value, …]`, names in lower
// case: it is what undici takes and what `ServerResponse.writeHead` writes fastest.

/** One request on its way to a service, as the edge hands it over. */
export interface ForwardTarget {
  readonly upstream: Upstream
  /** Whether this replica's contract has the route. One function per route, not per request: answers are kept by it. */
  readonly supports: Supports
  readonly method: string
  /** Path and query, exactly as they go upstream. */
  readonly path: string
  /** The forwarder keeps `bodyLimitBytes` for bodies that do not declare their length: `BodyTooLarge`. */
  readonly policy: Policy
  /**
   * What the edge lets through, without fields of one hop only, and what it adds; the array becomes the forwarder's. It
   * adds `portico-deadline-ms` and `traceparent`.
   */
  readonly headers: string[]
  readonly deadlineAtMs: number
  /** For strategies that keep a caller on one replica. */
  readonly principalKey?: string | undefined
  readonly explain: boolean
  /** The request's root span: parent of the client span, and where pick, retries and waits become attributes. */
  readonly span: Span
  /**
   * Called once with the head of the final answer, before anything is written to the client: the edge changes it in
   * place (its own fields, CORS, cookies of the cache). A duplex it returns stands between replica and client: bytes
   * are written into it with back-pressure and what it gives is sent (compression, a copy for the cache).
   */
  readonly onHead?: (head: AnswerHead) => Duplex | undefined
  /** Called once when all is over, whatever the end. */
  readonly onEnd?: (end: ForwardEnd) => void
}

export interface AnswerHead {
  status: number
  /** Without hop-by-hop fields; `content-length` stays unless the edge takes it out. */
  headers: string[]
  /** Set when the request asked for it and may know: what the balancer saw and did. */
  readonly explanation?: unknown
}

export interface ForwardEnd {
  readonly outcome: 'answered' | 'client-left' | 'failed'
  /** Of the client's answer; 0 when nothing was sent. */
  readonly status: number
  readonly replica: Replica | null
  readonly retries: number
  readonly bytesIn: number
  readonly bytesOut: number
}

/** A whole answer, for what the gateway itself asks: a session's exchange, the refresh of a kept answer. */
export interface WholeAnswer {
  readonly status: number
  readonly headers: string[]
  readonly body: Buffer
}

export interface Forwarder {
  /**
   * Sends the request to a replica and streams its answer to the client.
   *
   * @throws ProblemError (BadGateway, ServiceUnavailable, Overloaded, DeadlineExceeded, BodyTooLarge, RequestTimeout) as
   *   long as nothing was sent to the client: the caller answers it, or serves something stale. Once the head is out, a
   *   failure breaks the connection and the promise resolves, as it does when the client leaves.
   */
  forward(request: { raw: IncomingMessage }, reply: RawReply, target: ForwardTarget): Promise<void>
  /**
   * Joins the client's socket with a replica's after the replica has answered 101; another answer is passed on and the
   * socket closed. Failures are answered as problems on the socket.
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, target: ForwardTarget): void
  /** Same balancing, retries and errors for what the gateway itself asks. Longer answers than `limitBytes`: BadGateway. */
  ask(target: ForwardTarget, options: { body: Buffer | null; limitBytes: number }): Promise<WholeAnswer>
  /** The same without body, its answer given to `sink` as it comes; `settle` is called once, as `forward` would settle. */
  stream(target: ForwardTarget, sink: Sink, settle: (problem: ProblemError | null) => void): Ongoing
  /** Why a request would be refused now, for whoever has much to do before it comes to sending; null when it would not. */
  refusal(upstream: Upstream, flow: Policy['flow']): ProblemError | null
  /** Budget, breaker, limit and parked requests of each service, for the admin API. */
  snapshot(): LaneSnapshot[]
  /** Ends timers; parked requests fail. Requests under way go on. */
  close(): void
}

/** An answer on its way into a sink. */
export interface Ongoing {
  /** The sink takes more. */
  resume(): void
  /** Nobody wants the rest. */
  giveUp(): void
}

/** What the forwarder needs of a Fastify reply. */
export interface RawReply {
  readonly raw: ServerResponse
  hijack(): unknown
}

export interface LaneSnapshot {
  service: string
  inFlight: number
  /** Requests this service may be working on for this gateway; more are refused. */
  limit: number
  parked: number
  breaker: 'closed' | 'open' | 'half-open'
  /** Retries and hedges that may be made now. */
  retryTokens: number
  retries: number
  hedges: number
  hedgesWon: number
  shed: number
}
