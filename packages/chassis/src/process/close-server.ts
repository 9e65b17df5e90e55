import type { Server } from 'node:http'

const sweepEveryMs = 50

/**
 * Takes no new connection and waits for requests in flight, at most so long; then their connections are cut. Connections
 * between two requests are closed, but for as long as `sparesIdle` says that they may stay.
 */
export async function closeServer(
  app: { readonly server: Server; close(): PromiseLike<unknown> },
  withinMs: number,
  sparesIdle: () => boolean = () => false,
): Promise<void> {
  const { server } = app
  const closeIdle = server.closeIdleConnections.bind(server)
  // Fastify and Node would close them at once: also one that was accepted just now, whose request has arrived and is not
  // read yet, and then its client sees a reset. So they have until the first sweep, and each comes as an immediate, which
  // in the event loop follows the reading of sockets.
  server.closeIdleConnections = () => {}
  const sweeping = setInterval(() => {
    if (!sparesIdle()) setImmediate(closeIdle)
  }, sweepEveryMs)
  const cut = setTimeout(() => server.closeAllConnections(), withinMs)
  await app.close()
  clearTimeout(cut)
  clearInterval(sweeping)
}
