import { type IncomingMessage, STATUS_CODES } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { BadGateway, DeadlineExceeded, type ProblemError } from '@portico/contracts'
import { nobody, type PickRequest } from '../balancing/balancer.ts'
import { Attempt, type AttemptOwner } from './attempt.ts'
import { countsAsFailure, unavailable } from './failures.ts'
import { addHopHeaders } from './hop-headers.ts'
import type { Lane } from './lane.ts'
import { splice } from './splice.ts'
import type { Swept } from './sweep.ts'
import type { ForwardEnd, ForwardTarget } from './target.ts'
import type { ExchangeTools } from './tools.ts'

const mostTries = 4

/**
 * The handshake of a WebSocket: the replica is asked first, and only its 101 becomes the client's 101, with its
 * headers. Then both sockets are joined and the forwarder has nothing more to do with it.
 */
export class Handshake implements AttemptOwner, Swept, PickRequest {
  before: Swept | null = null
  after: Swept | null = null
  readonly hashKey: string | undefined
  readonly explain = false
  readonly #tools: ExchangeTools
  readonly #lane: Lane
  readonly #request: IncomingMessage
  readonly #socket: Duplex
  readonly #head: Buffer
  readonly #target: ForwardTarget
  readonly #edgeHeaders: number
  #attempt: Attempt | null = null
  #tried: Set<string> | null = null
  #admitted = false
  #over = false
  /** Of a refusal by the replica. */
  #status = 0
  readonly #left = () => this.#clientLeft()

  constructor(
    tools: ExchangeTools,
    lane: Lane,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    target: ForwardTarget,
  ) {
    this.#tools = tools
    this.#lane = lane
    this.#request = request
    this.#socket = socket
    this.#head = head
    this.#target = target
    this.hashKey = target.principalKey
    this.#edgeHeaders = target.headers.length
  }

  begin(): void {
    // Without a listener an error of the socket would end the process.
    this.#socket.on('error', this.#left)
    this.#socket.on('close', this.#left)
    const refusal = this.#lane.admit('websocket')
    if (refusal !== null) {
      this.#refuse(refusal)
      return
    }
    this.#admitted = true
    this.#tools.sweep.add(this)
    this.#try()
  }

  #try(): void {
    const pick = this.#lane.upstream.pick(this.#target.supports, this, this.#tried ?? nobody)
    if (pick === null) {
      this.#refuse(unavailable(1_000, 'No replica is there.'))
      return
    }
    const nowMs = this.#tools.clock()
    const { path, headers } = this.#target
    addHopHeaders(this.#target, this.#edgeHeaders, nowMs, null)
    const upgrade = this.#request.headers.upgrade ?? 'websocket'
    const request = { method: 'GET', path, headers, body: null, upgrade, fresh: true }
    const attempt = new Attempt(this, pick.replica, request, nowMs, false)
    this.#attempt = attempt
    this.#lane.upstream.started(pick.replica)
    attempt.send()
  }

  upgraded(attempt: Attempt, status: number, headers: string[], upstream: Duplex): void {
    this.#lane.upstream.report(attempt.replica, { latencyMs: this.#tools.clock() - attempt.sentAtMs, kind: 'ok' })
    const fields = this.#dressed(status, headers)
    this.#socket.write(headOf(status, fields, `Connection: Upgrade\r\nUpgrade: ${attempt.upgrade}\r\n`))
    if (this.#head.length > 0) upstream.write(this.#head)
    this.#end(attempt, 'answered', status)
    splice(this.#socket, upstream)
    // Nothing of the handshake is kept for as long as the sockets live.
    this.#socket.off('error', this.#left)
    if (this.#socket instanceof Socket) this.#socket.setTimeout(0)
  }

  /** Not 101: the replica's refusal is passed on, and the connection with it. */
  answered(attempt: Attempt, status: number, headers: string[]): void {
    this.#status = status
    const kind = countsAsFailure(status) ? 'failure' : 'ok'
    this.#lane.upstream.report(attempt.replica, { latencyMs: this.#tools.clock() - attempt.sentAtMs, kind })
    this.#socket.write(headOf(status, this.#dressed(status, headers), 'Connection: close\r\n'))
  }

  informed(): void {}

  received(attempt: Attempt, chunk: Buffer): void {
    if (this.#socket.write(chunk)) return
    attempt.pause()
    this.#socket.once('drain', () => attempt.resume())
  }

  finished(attempt: Attempt): void {
    lastWords(this.#socket, '')
    this.#end(attempt, 'answered', this.#status)
  }

  failed(attempt: Attempt, error: Error): void {
    this.#lane.upstream.report(attempt.replica, { latencyMs: this.#tools.clock() - attempt.sentAtMs, kind: 'failure' })
    this.#close(attempt)
    if (attempt.headSeen) {
      this.#socket.destroy()
      this.#end(null, 'failed', 0)
      return
    }
    this.#tried ??= new Set()
    this.#tried.add(attempt.replica.id)
    // A handshake changes nothing, so it may be repeated.
    if (this.#tried.size < mostTries && (!attempt.began || this.#lane.budget.withdraw())) this.#try()
    else this.#refuse(BadGateway({ cause: error }))
  }

  look(nowMs: number): void {
    if (nowMs < this.#target.deadlineAtMs || this.#attempt?.headSeen) return
    const attempt = this.#attempt
    if (attempt !== null) {
      this.#lane.upstream.report(attempt.replica, { latencyMs: nowMs - attempt.sentAtMs, kind: 'failure' })
      attempt.abort()
    }
    this.#refuse(DeadlineExceeded())
  }

  #clientLeft(): void {
    if (this.#over) return
    const attempt = this.#attempt
    attempt?.abort()
    this.#end(attempt, 'client-left', 0)
  }

  #refuse(problem: ProblemError): void {
    const traceId = this.#target.span.spanContext().traceId
    const body = JSON.stringify(problem.toProblem({ traceId }))
    const headers = ['content-type', 'application/problem+json', 'content-length', String(Buffer.byteLength(body))]
    headers.push('cache-control', 'no-store', ...Object.entries(problem.headers).flat())
    const fields = this.#dressed(problem.status, headers)
    this.#end(this.#attempt, 'failed', problem.status)
    lastWords(this.#socket, headOf(problem.status, fields, 'Connection: close\r\n') + body)
  }

  /** What the edge has to say belongs into this head too, and what is the house's own does not. */
  #dressed(status: number, headers: string[]): string[] {
    const head = { status, headers }
    this.#target.onHead?.(head)
    return head.headers
  }

  #close(attempt: Attempt): void {
    attempt.done = true
    this.#attempt = null
    this.#lane.upstream.ended(attempt.replica)
  }

  #end(attempt: Attempt | null, outcome: ForwardEnd['outcome'], status: number): void {
    if (this.#over) return
    this.#over = true
    if (attempt !== null) this.#close(attempt)
    this.#tools.sweep.remove(this)
    if (this.#admitted) {
      this.#lane.leave('websocket')
      const failed = outcome === 'failed' || countsAsFailure(this.#status)
      this.#lane.judge(outcome === 'client-left' ? 'undecided' : failed ? 'failure' : 'success')
    }
    this.#socket.off('close', this.#left)
    this.#target.onEnd?.({
      outcome,
      status,
      replica: attempt?.replica ?? null,
      retries: this.#tried?.size ?? 0,
      bytesIn: 0,
      bytesOut: 0,
    })
  }
}

/** Nobody reads this socket: that the client closed it too would never be heard. */
export function lastWords(socket: Duplex, text: string): void {
  socket.end(text, () => socket.destroy())
}

function headOf(status: number, headers: readonly string[], connection: string): string {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${connection}`
  for (let index = 0; index < headers.length; index += 2) head += `${headers[index]}: ${headers[index + 1]}\r\n`
  return `${head}\r\n`
}
