import { Server as TcpServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Server as TlsServer } from 'node:tls'
import { prepareClose } from '@portico/chassis'
import { announcementTiming } from '@portico/contracts'
import type { FastifyInstance } from 'fastify'
import { createAdmin } from './admin/app.ts'
import type { Context } from './context.ts'
import { watchCertificate } from './edge/certificate.ts'
import { ready, retire } from './worker-pool.ts'

/**
 * Listens, and leaves on SIGTERM or SIGINT without losing a request: `/readyz` says 503, it serves on for `drainMs`, takes no
 * new connection, lets what is under way end within `shutdownMs`, closes the rest. A second signal ends it at once.
 *
 * A worker that another has taken the place of retires: the port is served as before, so nobody is turned away, and a
 * client may keep its idle connection for as long as it was told when it got it.
 */
export async function run(app: FastifyInstance, context: Context): Promise<void> {
  const { config, telemetry, readiness, farewell } = context
  if (config.workerWaits) await untilAcquainted(context)
  const closeServer = prepareClose(app)
  const address = await app.listen({ host: config.host, port: config.port })
  const admin = createAdmin(context)
  const adminAddress = await admin.listen({ host: config.adminHost, port: config.adminPort })
  telemetry.log.info({ address, adminAddress }, 'listening')
  const certificate = config.tls === null ? null : watchCertificate(secure(app), config.tls, telemetry)
  // Of several workers, the supervisor replaces each on SIGHUP; one alone reads again what can change.
  process.on('SIGHUP', () => {
    if (config.workers === 1) certificate?.reload()
  })

  let closing = false
  async function close(withinMs: number): Promise<void> {
    if (closing) {
      // It retires, and is told to leave sooner.
      setTimeout(() => app.server.closeAllConnections(), withinMs)
      return
    }
    closing = true
    await closeServer(withinMs, () => !readiness.stopping)
    await admin.close()
    certificate?.close()
    await context.close()
    process.exit(0)
  }

  async function leave(signal: string): Promise<void> {
    if (readiness.stopping) process.exit(1)
    readiness.stopping = true
    farewell.say()
    telemetry.log.info({ signal }, 'draining')
    setTimeout(() => process.exit(1), config.drainMs + config.shutdownMs)
    await pause(config.drainMs)
    await close(config.shutdownMs / 2)
  }

  async function stepBack(): Promise<void> {
    if (farewell.said) return
    farewell.say()
    telemetry.log.info('retiring')
    // That and no more: HTTP's own `close` would end what is idle too.
    TcpServer.prototype.close.call(app.server)
    // The port is the successor's.
    await admin.close()
    await pause(config.drainMs)
    await close(config.limits.keepAliveMs + config.shutdownMs)
  }

  process.on('SIGTERM', () => void leave('SIGTERM'))
  process.on('SIGINT', () => void leave('SIGINT'))
  if (process.send === undefined) return
  process.on('message', message => {
    if (message === retire) void stepBack()
  })
  process.send(ready)
}

const lookMs = 50
/** Each replica announces itself once in a round; some are late. */
const roundMs = announcementTiming.everyMs * 1.5

/**
 * It knows a route, and has listened for a whole round of announcements: of several services the first to be heard is no
 * reason to answer 404 for the others. A bus that is away is not waited for.
 */
async function untilAcquainted({ directory, bus }: Context): Promise<void> {
  let listensSinceMs = performance.now()
  let wasConnected = false
  for (;;) {
    await pause(lookMs)
    const nowMs = performance.now()
    if (!wasConnected && bus.isConnected()) {
      wasConnected = true
      listensSinceMs = nowMs
    }
    if (directory.table.routes.length > 0 && nowMs - listensSinceMs >= roundMs) return
  }
}

// With a certificate the server is a TLS server, whatever Fastify takes it for.
function secure({ server }: FastifyInstance): Pick<TlsServer, 'setSecureContext'> {
  if ('setSecureContext' in server) return server as unknown as TlsServer
  throw new Error('a server without TLS has no certificate')
}
