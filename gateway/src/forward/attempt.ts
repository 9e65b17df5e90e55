import type { Duplex } from 'node:stream'
import type { Span } from '@opentelemetry/api'
import type { Dispatcher } from 'undici'
import type { Replica } from '../balancing/replica.ts'
import type { Call, Control } from '../wire/call.ts'
import { answerHeaders, answerTrailers } from './headers.ts'
import { RequestBody } from './request-body.ts'

type Fields = Readonly<Record<string, string | string[] | undefined>>

/** Who is told how an attempt goes. Fields are flat, without those of the connection to the replica. */
export interface AttemptOwner {
  informed(attempt: Attempt, status: number, fields: string[]): void
  answered(attempt: Attempt, status: number, fields: string[]): void
  received(attempt: Attempt, chunk: Buffer): void
  finished(attempt: Attempt, trailers: string[] | null): void
  failed(attempt: Attempt, error: Error): void
  upgraded?(attempt: Attempt, status: number, fields: string[], socket: Duplex): void
}

/** How much of an answer that nobody wants is read to keep the connection. */
const drainBytes = 64 * 1_024

/** What an attempt sends. */
export interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: string[]
  readonly body: Buffer | RequestBody | null
  readonly upgrade: string | null
  /** Over a connection that was not used before. */
  readonly fresh: boolean
}

/**
 * One request sent to one replica. What has no body, or a whole one, goes over our own connections (`wire/`); a body that
 * streams and an upgrade go over undici's pool. It is what either of them is given and answers to: one object an attempt
 * instead of three.
 */
export class Attempt implements Call, Dispatcher.DispatchOptions, Dispatcher.DispatchHandler {
  readonly path: string
  readonly method: string
  readonly headers: string[]
  readonly body: Buffer | null
  readonly upgrade: string | null
  readonly fresh: boolean
  /** Else undici closes the connection after each HEAD, for servers that send a body all the same; replicas do not. */
  readonly reset = false

  readonly replica: Replica
  readonly sentAtMs: number
  readonly isHedge: boolean
  span: Span | null = null
  /** Whether it may have been written to a connection. */
  began = false
  /** Whether the connection had carried another request before. */
  onUsedConnection = false
  /** Whether the answer's head was seen. */
  headSeen = false
  /** Over for the owner: later events are noise. */
  done = false
  /** Whether the replica was told that it has one less. */
  released = false
  #draining = 0
  readonly #owner: AttemptOwner
  #control: Control | null = null

  constructor(owner: AttemptOwner, replica: Replica, sent: Sent, nowMs: number, isHedge: boolean) {
    this.path = sent.path
    this.method = sent.method
    this.headers = sent.headers
    // undici's type knows streams too; `Call` never gets one.
    this.body = sent.body as Buffer | null
    this.upgrade = sent.upgrade
    this.fresh = sent.fresh
    this.replica = replica
    this.sentAtMs = nowMs
    this.isHedge = isHedge
    this.#owner = owner
  }

  send(): void {
    const { body, upgrade, replica } = this
    if (upgrade === null && !((body as unknown) instanceof RequestBody)) replica.connections.send(this)
    else replica.pool.dispatch(this, this)
  }

  /** Gives it up. The replica sees its connection close, and can stop working. */
  abort(): void {
    this.done = true
    this.#control?.abort(abandoned)
  }

  /** Its answer is not wanted, but is short: reading it keeps the connection. */
  discard(): void {
    this.done = true
    this.#draining = drainBytes
  }

  pause(): void {
    this.#control?.pause()
  }

  resume(): void {
    this.#control?.resume()
  }

  // --- told by our own connection ----------------------------------------------------------------------------------

  onTaken(control: Control, used: boolean): void {
    this.#control = control
    this.onUsedConnection = used
  }

  onSent(): void {
    this.began = true
  }

  onInformation(status: number, fields: string[]): void {
    if (!this.done) this.#owner.informed(this, status, fields)
  }

  onHead(status: number, fields: string[]): void {
    if (this.done) return
    this.headSeen = true
    this.#owner.answered(this, status, fields)
  }

  onData(chunk: Buffer): void {
    if (!this.done) {
      this.#owner.received(this, chunk)
      return
    }
    this.#draining -= chunk.length
    if (this.#draining < 0) this.abort()
  }

  onEnd(trailers: string[] | null): void {
    if (!this.done) this.#owner.finished(this, trailers)
  }

  onError(error: Error): void {
    if (!this.done) this.#owner.failed(this, error)
  }

  // --- told by undici ----------------------------------------------------------------------------------------------

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#control = controller
    this.began = true
    // Given up while it waited for a connection.
    if (this.done) controller.abort(abandoned)
  }

  onRequestUpgrade(_controller: Dispatcher.DispatchController, status: number, fields: Fields, socket: Duplex): void {
    if (this.done || this.#owner.upgraded === undefined) socket.destroy()
    else this.#owner.upgraded(this, status, answerHeaders(fields), socket)
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, fields: Fields): void {
    if (this.done) return
    try {
      // RFC 9110, section 15: there is nothing behind 599, and nobody knows what a client makes of it.
      if (status > 599) throw new RangeError(`${status} is no status of HTTP`)
      if (status < 200) this.onInformation(status, answerHeaders(fields))
      else this.onHead(status, answerHeaders(fields))
    } catch (error) {
      controller.abort(error as Error)
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.onData(chunk)
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: Fields): void {
    this.onEnd(answerTrailers(trailers))
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.onError(error)
  }
}

/** One for all: making a stack for each client that leaves costs more than the request did. */
const abandoned = new Error('No longer wanted')
