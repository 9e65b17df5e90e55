import type { Server } from 'node:http'
import { setImmediate as afterReading } from 'node:timers/promises'

const sweepEveryMs = 50

/** Takes no new connection and waits for requests in flight, at most so long; then their connections are cut. */
export async function closeServer(
  app: { readonly server: Server; close(): PromiseLike<unknown> },
  withinMs: number,
): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), withinMs)
  // A connection that was at work when the server closed would be kept for as long as keep-alive lasts.
  const sweep = setInterval(() => setImmediate(() => app.server.closeIdleConnections()), sweepEveryMs)
  // Timers come before sockets are read: after a stall, a request that has arrived would be closed as an idle connection.
  await afterReading()
  await app.close()
  clearTimeout(cut)
  clearInterval(sweep)
}
