import { setTimeout as pause } from 'node:timers/promises'
import type { Server } from 'node:tls'
import { closeServer } from '@portico/chassis'
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
  const address = await app.listen({ host: config.host, port: config.port })
  const admin = createAdmin(context)
  const adminAddress = await admin.listen({ host: config.adminHost, port: config.adminPort })
  telemetry.log.info({ address, adminAddress }, 'listening')
  const certificate = config.tls === null ? null : watchCertificate(secure(app), config.tls, telemetry)
  // Of several workers, the supervisor replaces each on SIGHUP; one alone reads again what can change.
  process.on('SIGHUP', () => {
    if (config.workers === 1) certificate?.reload()
  })
  tellReady(context)

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

const readyLookMs = 50

/** A worker says that it takes requests once it knows whom to send them to. */
function tellReady({ directory }: Context): void {
  if (process.send === undefined) return
  const timer = setInterval(() => {
    if (directory.table.routes.length === 0) return
    clearInterval(timer)
    process.send?.(ready)
  }, readyLookMs)
  timer.unref()
}

// With a certificate the server is a TLS server, whatever Fastify takes it for.
function secure({ server }: FastifyInstance): Pick<Server, 'setSecureContext'> {
  if ('setSecureContext' in server) return server as unknown as Server
  throw new Error('a server without TLS has no certificate')
}
