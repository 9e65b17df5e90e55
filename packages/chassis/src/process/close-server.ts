import type { Server } from 'node:http'
import type { Socket } from 'node:net'

interface Closable {
  readonly server: Server
  close(): PromiseLike<unknown>
}

/**
 * Takes no new connection and waits for requests in flight, at most so long; then their connections are cut. Connections
 * between two requests are closed, but for as long as `sparesIdle` says that they may stay.
 */
export type CloseServer = (withinMs: number, sparesIdle?: () => boolean) => Promise<void>

const sweepEveryMs = 50

/** To be called before the server listens: it watches connections from the first one on. */
export function prepareClose(app: Closable): CloseServer {
  const { server } = app
  const open = watchConnections(server)
  return async (withinMs, sparesIdle = () => false) => {
    const closeIdle = server.closeIdleConnections.bind(server)
    // Fastify and Node would close them at once: also one that was accepted just now, whose request has arrived and is
    // not read yet, and then its client sees a reset. So they have until the first sweep, and each comes as an immediate,
    // which in the event loop follows the reading of sockets.
    server.closeIdleConnections = () => {}
    const sweep = () => flushFirst(open, closeIdle)
    const sweeping = setInterval(() => {
      if (!sparesIdle()) setImmediate(sweep)
    }, sweepEveryMs)
    const cut = setTimeout(() => server.closeAllConnections(), withinMs)
    await app.close()
    clearTimeout(cut)
    clearInterval(sweeping)
  }
}

function watchConnections(server: Server): ReadonlySet<Socket> {
  const open = new Set<Socket>()
  const watch = (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  }
  server.on('connection', watch)
  server.on('secureConnection', watch)
  return open
}

/**
 * To Node a connection is idle when its answer has been handed to the socket, however much of it a slow reader has still
 * to be sent; `destroy` would cut that off. So such a connection ends when it is sent.
 */
function flushFirst(open: ReadonlySet<Socket>, closeIdle: () => void): void {
  const flushing = [...open].filter(socket => socket.writableLength > 0)
  const asBefore = (socket: Socket) => Reflect.deleteProperty(socket, 'destroy')
  for (const socket of flushing) {
    socket.destroy = () => {
      asBefore(socket)
      socket.destroySoon()
      return socket
    }
  }
  closeIdle()
  flushing.forEach(asBefore)
}
