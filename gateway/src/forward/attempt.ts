import type { Duplex } from 'node:stream'
import type { Span } from '@opentelemetry/api'
import type { Dispatcher } from 'undici'
import type { Replica } from '../balancing/replica.ts'
import type { RequestBody } from './request-body.ts'

type Fields = Readonly<Record<string, string | string[] | undefined>>

/** Who is told how an attempt goes. */
export interface AttemptOwner {
  informed(attempt: Attempt, status: number, headers: Fields): void
  answered(attempt: Attempt, status: number, headers: Fields): void
  received(attempt: Attempt, chunk: Buffer): void
  finished(attempt: Attempt, trailers: Fields | null): void
  failed(attempt: Attempt, error: Error): void
  upgraded?(attempt: Attempt, status: number, headers: Fields, socket: Duplex): void
}

/** How much of an answer that nobody wants is read to keep the connection. */
const drainBytes = 64 * 1_024

/**
 * One request sent to one replica. It is both the options undici is given and the handler it answers to: one object an
 * attempt instead of three.
 */
export class Attempt implements Dispatcher.DispatchOptions, Dispatcher.DispatchHandler {
  readonly path: string
  readonly method: string
  readonly headers: string[]
  readonly body: Buffer | RequestBody | null
  readonly upgrade: string | null
  /** Else undici closes the connection after each HEAD, for servers that send a body all the same; replicas do not. */
  readonly reset = false

  readonly replica: Replica
  readonly sentAtMs: number
  readonly isHedge: boolean
  span: Span | null = null
  /** Whether undici has taken a connection for it. */
  began = false
  /** Whether the answer's head was seen. */
  headSeen = false
  /** Over for the owner: later events are noise. */
  done = false
  /** Whether the replica was told that it has one less. */
  released = false
  #draining = 0
  readonly #owner: AttemptOwner
  #controller: Dispatcher.DispatchController | null = null

  constructor(
    owner: AttemptOwner,
    replica: Replica,
    request: {
      method: string
      path: string
      headers: string[]
      body: Buffer | RequestBody | null
      upgrade: string | null
    },
    nowMs: number,
    isHedge: boolean,
  ) {
    this.path = request.path
    this.method = request.method
    this.headers = request.headers
    this.body = request.body
    this.upgrade = request.upgrade
    this.replica = replica
    this.sentAtMs = nowMs
    this.isHedge = isHedge
    this.#owner = owner
  }

  /** Gives it up. The replica sees its connection close, and can stop working. */
  abort(): void {
    this.done = true
    if (this.#controller !== null && !this.#controller.aborted) this.#controller.abort(abandoned)
  }

  /** Its answer is not wanted, but is short: reading it keeps the connection. */
  discard(): void {
    this.done = true
    this.#draining = drainBytes
  }

  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.began = true
    // Given up while it waited for a connection.
    if (this.done) controller.abort(abandoned)
  }

  onRequestUpgrade(_controller: Dispatcher.DispatchController, status: number, headers: Fields, socket: Duplex): void {
    if (this.done || this.#owner.upgraded === undefined) socket.destroy()
    else this.#owner.upgraded(this, status, headers, socket)
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: Fields): void {
    this.#controller = controller
    if (this.done) return
    if (status < 200) {
      this.#owner.informed(this, status, headers)
      return
    }
    this.headSeen = true
    this.#owner.answered(this, status, headers)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.done) {
      this.#owner.received(this, chunk)
      return
    }
    this.#draining -= chunk.length
    if (this.#draining < 0) controller.abort(abandoned)
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: Fields): void {
    if (!this.done) this.#owner.finished(this, trailers)
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (!this.done) this.#owner.failed(this, error)
  }
}

/** One for all: making a stack for each client that leaves costs more than the request did. */
const abandoned = new Error('No longer wanted')
