import type { Duplex } from 'node:stream'
import type { Span } from '@opentelemetry/api'
import type { Policy } from '@portico/contracts'

// Until balancing/ lands: its Replica and Upstream take the place of these two.
interface Replica {
  readonly id: string
}
interface Upstream {
  readonly service: string
}

// The seam between the edge and the forwarder. Header lists are flat, `[name, value, name, value, …]`, names in lower
// case: it is what undici takes and what `ServerResponse.writeHead` writes fastest.

/** One request on its way to a service, as the edge hands it over. */
export interface ForwardTarget {
  readonly upstream: Upstream
  /** Whether this replica's contract has the route. */
  readonly supports: (replica: Replica) => boolean
  readonly method: string
  /** Path and query, exactly as they go upstream. */
  readonly path: string
  /** The forwarder keeps `bodyLimitBytes` for bodies that do not declare their length: `BodyTooLarge`. */
  readonly policy: Policy
  /** What the edge lets through and what it adds. The forwarder adds `host`, `portico-deadline-ms` and `traceparent`. */
  readonly headers: string[]
  readonly deadlineAtMs: number
  /** For strategies that keep a caller on one replica. */
  readonly principalKey?: string
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
// forwarder.forward(request, reply, target): rejects with a ProblemError (BadGateway, ServiceUnavailable, Overloaded,
//   DeadlineExceeded, BodyTooLarge) as long as nothing was sent to the client; the edge answers it (or serves stale).
//   Once the head is out, a failure breaks the connection and resolves.
// forwarder.ask(target, { body: Buffer | null, limitBytes }): Promise<WholeAnswer>, same balancing, retries and errors.
