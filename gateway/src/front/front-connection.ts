import type { Socket } from 'node:net'
import { FrontRequest } from './front-request.ts'
import { FrontResponse, type ResponseOwner } from './front-response.ts'
import { type HeadLimits, type RequestHead, readPlainHead } from './request-head.ts'

/** What a connection asks of the front it belongs to. */
export interface ConnectionOwner<Wanted> {
  readonly limits: HeadLimits & { readonly keepAliveMs: number }
  /** Counts up about once a second. */
  readonly tick: number
  /** What this request is to be served with; null: Node gets the connection. */
  find(head: RequestHead): Wanted | null
  serve(wanted: Wanted, request: FrontRequest, response: FrontResponse): void
  /** Node gets the connection, with the bytes that came and were not served. */
  handOver(connection: FrontConnection<Wanted>, bytes: Buffer): void
  gone(connection: FrontConnection<Wanted>): void
}

const own = Symbol('connection')
interface OwnSocket extends Socket {
  [own]?: Pick<FrontConnection<unknown>, 'read' | 'drained' | 'left' | 'closed'>
}

/** So many requests that lie ready are served in one go; then the others' turn comes. */
const mostAtOnce = 16
/** What a client sends ahead of its answer is kept up to this; then it is no longer read. */
const aheadBytes = 64 * 1_024

/** A client's connection as long as all that comes over it are plain requests of known routes, one after the other. */
export class FrontConnection<Wanted> implements ResponseOwner {
  readonly socket: Socket
  /** The owner's tick when it last began or ended a request, or had written all of its answer. */
  lastTick: number
  /** Whether it has sent a request yet. */
  isNew = true
  readonly #owner: ConnectionOwner<Wanted>
  #rest: Buffer | null = null
  #answering: FrontResponse | null = null
  #pumping = false
  #paused = false
  #clientEnded = false

  constructor(owner: ConnectionOwner<Wanted>, socket: OwnSocket) {
    this.#owner = owner
    this.socket = socket
    this.lastTick = owner.tick
    socket[own] = this
    for (const [event, listener] of listeners) socket.on(event, listener)
  }

  get keepAliveMs(): number {
    return this.#owner.limits.keepAliveMs
  }

  get isIdle(): boolean {
    return this.#answering === null && this.#rest === null
  }

  /** Bytes of a whole answer that the client has still to take; 0 as long as it is not whole. */
  get bytesToTake(): number {
    return this.#answering?.writableEnded === true ? this.socket.writableLength : 0
  }

  /** Leaves the socket as it was found. */
  release(): void {
    for (const [event, listener] of listeners) this.socket.off(event, listener)
    if (this.#paused) this.socket.resume()
  }

  read(bytes: Buffer): void {
    this.#rest = this.#rest === null ? bytes : Buffer.concat([this.#rest, bytes])
    this.#pump()
    if (this.#rest === null || this.#rest.length <= aheadBytes) return
    this.#paused = true
    this.socket.pause()
  }

  drained(): void {
    this.#answering?.emit('drain')
  }

  /**
   * The client sends nothing more. As with Node's own server, what lies ready is still served and an answer that is whole
   * still goes out; one that has to be waited for has nobody to wait for it.
   */
  left(): void {
    this.#clientEnded = true
    this.#endWhenDone()
  }

  closed(): void {
    this.#rest = null
    this.#owner.gone(this)
    const answering = this.#answering
    this.#answering = null
    answering?.closed()
  }

  flushing(): void {
    this.lastTick = this.#owner.tick
  }

  ended(response: FrontResponse): void {
    this.#answering = null
    this.lastTick = this.#owner.tick
    if (response.shouldKeepAlive) this.#pump()
    else {
      this.#rest = null
      this.socket.destroySoon()
    }
  }

  /** Serves what lies ready, in order: the next one only when the one before has its whole answer. */
  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    let served = 0
    while (this.#rest !== null && this.#answering === null && this.#next(this.#rest)) {
      served += 1
      if (served === mostAtOnce) break
    }
    this.#pumping = false
    if (this.#clientEnded) this.#endWhenDone()
    if (this.#rest !== null) {
      if (this.#answering === null) setImmediate(() => this.#pump())
    } else if (this.#paused) {
      this.#paused = false
      this.socket.resume()
    }
  }

  #endWhenDone(): void {
    const answering = this.#answering
    if (answering === null) {
      if (this.#rest === null) this.socket.end()
    } else if (!answering.writableEnded) this.socket.destroy()
  }

  /** @returns false when there is nothing more for us to serve */
  #next(bytes: Buffer): boolean {
    const { limits } = this.#owner
    const head = readPlainHead(bytes.toString('latin1', 0, Math.min(bytes.length, limits.headerBytes + 2)), limits)
    const wanted = head === null ? null : this.#owner.find(head)
    if (head === null || wanted === null) {
      this.#rest = null
      // Node cannot read on where an end has been read already.
      if (!this.#clientEnded) this.#owner.handOver(this, bytes)
      return false
    }
    this.#rest = head.bytes === bytes.length ? null : bytes.subarray(head.bytes)
    this.isNew = false
    this.lastTick = this.#owner.tick
    const response = new FrontResponse(this, head.method === 'HEAD')
    this.#answering = response
    this.#owner.serve(wanted, new FrontRequest(head, this.socket), response)
    return true
  }
}

function onData(this: OwnSocket, bytes: Buffer): void {
  this[own]?.read(bytes)
}

function onEnd(this: OwnSocket): void {
  this[own]?.left()
}

function onDrain(this: OwnSocket): void {
  this[own]?.drained()
}

function onClose(this: OwnSocket): void {
  this[own]?.closed()
}

const onError = () => undefined

const listeners = [
  ['data', onData],
  ['end', onEnd],
  ['drain', onDrain],
  ['close', onClose],
  ['error', onError],
] as const
