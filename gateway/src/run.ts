import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { createAdmin } from './admin/app.ts'
import type { Context } from './context.ts'

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

  async function leave(signal: string): Promise<void> {
    if (readiness.stopping) process.exit(1)
    readiness.stopping = true
    telemetry.log.info({ signal }, 'draining')
    const late = setTimeout(() => process.exit(1), config.drainMs + config.shutdownMs)
    await pause(config.drainMs)
    const cut = setTimeout(() => app.server.closeAllConnections(), config.shutdownMs / 2)
    await app.close()
    await admin.close()
    clearTimeout(cut)
    await context.close()
    clearTimeout(late)
    process.exit(0)
  }
  process.on('SIGTERM', () => void leave('SIGTERM'))
  process.on('SIGINT', () => void leave('SIGINT'))
}
