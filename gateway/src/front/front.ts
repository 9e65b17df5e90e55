import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { type ConnectionOwner, FrontConnection } from './front-connection.ts'
import type { FrontRequest } from './front-request.ts'
import type { FrontResponse } from './front-response.ts'
import type { HeadLimits, RequestHead } from './request-head.ts'

export interface FrontOptions<Wanted> {
  readonly limits: HeadLimits & {
    readonly headersMs: number
    readonly keepAliveMs: number
    /** Slower than this nobody reads an answer. */
    readonly leastBytesPerSecond?: number
  }
  /** What this request is to be served with; null: it is for Node. */
  readonly find: (head: RequestHead) => Wanted | null
  readonly serve: (wanted: Wanted, request: FrontRequest, response: FrontResponse) => void
  /** Answers a connection that was opened and never spoken on. */
  readonly refuseSilence: (socket: Socket) => void
}

const tickMs = 1_000

/**
 * Stands before Node's HTTP server and serves plain requests itself, straight from and to the socket. Node's own way, with
 * its parser's callbacks, two streams and a dozen ticks and timers a request, was measured to take twice the CPU of all of
 * this for a kept answer. What is not plain, or not wanted here, is handed over to Node with the connection, bytes
 * and all: bodies, upgrades, slow or broken or unusual heads.
 */
export function standBefore<Wanted>(server: Server, options: FrontOptions<Wanted>): void {
  const { limits, find, serve, refuseSilence } = options
  const { leastBytesPerSecond = 4_000 } = limits
  const [nodes] = server.listeners('connection') as ((socket: Socket) => void)[]
  if (nodes === undefined) throw new Error('the server does not listen to its connections')
  const open = new Set<FrontConnection<Wanted>>()

  const owner: ConnectionOwner<Wanted> & { tick: number } = {
    limits,
    tick: 0,
    find,
    serve,
    handOver(connection, bytes) {
      open.delete(connection)
      connection.release()
      const { socket } = connection
      socket.unshift(bytes)
      nodes.call(server, socket)
    },
    gone: connection => void open.delete(connection),
  }

  const mostIdleTicks = Math.ceil(limits.keepAliveMs / tickMs)
  const mostSilentTicks = Math.ceil(limits.headersMs / tickMs)
  const ticking = setInterval(() => {
    owner.tick += 1
    for (const connection of open) {
      const { isIdle, isNew, bytesToTake, socket } = connection
      const ticks = owner.tick - connection.lastTick
      if (isIdle && isNew && ticks > mostSilentTicks) refuseSilence(socket)
      else if (isIdle && ticks > mostIdleTicks) socket.destroy()
      else if (bytesToTake > 0 && ticks > mostIdleTicks + bytesToTake / leastBytesPerSecond) socket.destroy()
    }
  }, tickMs).unref()
  server.once('close', () => clearInterval(ticking))

  server.off('connection', nodes)
  server.on('connection', socket => {
    if (!socket.destroyed) open.add(new FrontConnection(owner, socket))
  })
  const closeNodes = server.closeIdleConnections.bind(server)
  server.closeIdleConnections = () => {
    closeNodes()
    for (const connection of open) if (connection.isIdle) connection.socket.destroy()
  }
}
