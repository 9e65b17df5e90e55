import type { Call } from './call.ts'
import { Connection, type ConnectionOwner, type Place } from './connection.ts'

export interface ConnectionsOptions {
  /** Monotonic milliseconds. */
  readonly clock?: () => number
  readonly connectTimeoutMs?: number
  /** For how long a connection may wait for work; always a second less than the replica promises to keep it. */
  readonly idleMs?: number
}

const readBytes = 64 * 1_024
const marginMs = 1_000
const sweepMs = 1_000

/**
 * The connections to one replica: opened when there is no idle one, used again last in first out, so that a
 * quiet hour closes those that a busy one opened. Their number is bounded by whoever sends: one each request.
 *
 * An idle connection is closed by us, long before the replica would: whoever closes first decides that no request is on
 * its way into a closing socket.
 */
export class Connections implements ConnectionOwner {
  readonly place: Place
  readonly connectTimeoutMs: number
  readonly buffer = Buffer.allocUnsafeSlow(readBytes)
  readonly #clock: () => number
  readonly #idleMs: number
  readonly #idle: Connection[] = []
  readonly #open = new Set<Connection>()
  #sweep: NodeJS.Timeout | null = null
  #closing = false
  readonly #empty = Promise.withResolvers<void>()

  /** @param address `http://host:port` or `https://host:port` */
  constructor(address: string, options: ConnectionsOptions = {}) {
    const { clock = () => performance.now(), connectTimeoutMs = 2_000, idleMs = 4_000 } = options
    this.place = placeOf(address)
    this.connectTimeoutMs = connectTimeoutMs
    this.#clock = clock
    this.#idleMs = idleMs
  }

  send(call: Call): void {
    const connection = (call.fresh ? undefined : this.#takeIdle()) ?? this.#connect()
    connection.take(call)
  }

  get size(): number {
    return this.#open.size
  }

  /** Requests under way end as usual, nothing is used again. Resolves when the last connection is closed. */
  close(): Promise<void> {
    this.#closing = true
    for (const connection of this.#idle.splice(0)) connection.destroy()
    this.#resolveWhenEmpty()
    return this.#empty.promise
  }

  /** Closes all of them; requests under way fail. */
  destroy(): Promise<void> {
    const closed = this.close()
    for (const connection of this.#open) connection.destroy()
    return closed
  }

  free(connection: Connection, keepAliveMs: number): void {
    if (this.#closing) {
      connection.destroy()
      return
    }
    const idleMs = keepAliveMs === 0 ? this.#idleMs : Math.min(this.#idleMs, keepAliveMs - marginMs)
    connection.idleUntilMs = this.#clock() + idleMs
    this.#idle.push(connection)
    this.#sweep ??= setInterval(() => this.#closeIdle(), sweepMs).unref()
  }

  gone(connection: Connection): void {
    if (!this.#open.delete(connection)) return
    const index = this.#idle.indexOf(connection)
    if (index >= 0) this.#idle.splice(index, 1)
    this.#resolveWhenEmpty()
  }

  #connect(): Connection {
    const connection = new Connection(this)
    this.#open.add(connection)
    return connection
  }

  #takeIdle(): Connection | undefined {
    for (let last = this.#idle.pop(); last !== undefined; last = this.#idle.pop()) {
      // The sweep may be late: after a stall the replica has closed what waited here.
      if (last.idleUntilMs > this.#clock()) return last
      last.destroy()
    }
    return undefined
  }

  #closeIdle(): void {
    const nowMs = this.#clock()
    // The bottom of the stack waits for longest.
    while (this.#idle[0] !== undefined && this.#idle[0].idleUntilMs <= nowMs) this.#idle.shift()?.destroy()
    if (this.#idle.length === 0) this.#stopSweep()
  }

  #stopSweep(): void {
    if (this.#sweep !== null) clearInterval(this.#sweep)
    this.#sweep = null
  }

  #resolveWhenEmpty(): void {
    if (!this.#closing) return
    this.#stopSweep()
    if (this.#open.size === 0) this.#empty.resolve()
  }
}

function placeOf(address: string): Place {
  const { hostname, port, protocol, host } = new URL(address)
  const secure = protocol === 'https:'
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  return { hostname: bare, port: port === '' ? (secure ? 443 : 80) : Number(port), secure, host }
}
