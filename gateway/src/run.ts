import { setTimeout as pause } from 'node:timers/promises'
import type { Server } from 'node:tls'
import { closeServer } from '@portico/chassis'
import { announcementTiming } from '@portico/contracts'
import type { FastifyInstance } from 'fastify'
import { createAdmin } from './admin/app.ts'
import type { Context } from './context.ts'
import { watchCertificate } from './edge/certificate.ts'
import { ready } from './workers.ts'

/**
 * Listens, and leaves on SIGTERM or SIGINT without losing a request: `/readyz` says 503, it serves on for `drainMs`, takes no
 * new connection, lets what is under way end within `shutdownMs`, closes the rest. A second signal ends it at once.
 */
export async function run(app: FastifyInstance, context: Context): Promise<void> {
  const { config, telemetry, readiness } = context
  // Only a supervisor wants to know.
  const acquainted = process.send === undefined ? undefined : untilAcquainted(context)
  if (config.workerWaits) await acquainted
  const address = await app.listen({ host: config.host, port: config.port })
  const admin = createAdmin(context)
  const adminAddress = await admin.listen({ host: config.adminHost, port: config.adminPort })
  telemetry.log.info({ address, adminAddress }, 'listening')
  const certificate = config.tls === null ? null : watchCertificate(secure(app), config.tls, telemetry)
  // Of several workers, the supervisor replaces each on SIGHUP; one alone reads again what can change.
  process.on('SIGHUP', () => {
    if (config.workers === 1) certificate?.reload()
  })
  void acquainted?.then(() => process.send?.(ready))

  async function leave(signal: string): Promise<void> {
    if (readiness.stopping) process.exit(1)
    readiness.stopping = true
    telemetry.log.info({ signal }, 'draining')
    const late = setTimeout(() => process.exit(1), config.drainMs + config.shutdownMs)
    await pause(config.drainMs)
    await closeServer(app, config.shutdownMs / 2)
    await admin.close()
    certificate?.close()
    await context.close()
    clearTimeout(late)
    process.exit(0)
  }
  process.on('SIGTERM', () => void leave('SIGTERM'))
  process.on('SIGINT', () => void leave('SIGINT'))
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
    await pause(lookMs, undefined, { ref: false })
    const nowMs = performance.now()
    if (!wasConnected && bus.isConnected()) {
      wasConnected = true
      listensSinceMs = nowMs
    }
    if (directory.table.routes.length > 0 && nowMs - listensSinceMs >= roundMs) return
  }
}

// With a certificate the server is a TLS server, whatever Fastify takes it for.
function secure({ server }: FastifyInstance): Pick<Server, 'setSecureContext'> {
  if ('setSecureContext' in server) return server as unknown as Server
  throw new Error('a server without TLS has no certificate')
}
