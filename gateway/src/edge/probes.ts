import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Directory } from '../discovery/directory.ts'

/** What the gateway says of itself to whoever restarts or routes to it. */
export interface Readiness {
  /** Set when the process begins to stop: no new traffic, please. */
  stopping: boolean
}

export const probePaths = ['/healthz', '/readyz'] as const

/** `/healthz`: the process answers. `/readyz`: it knows at least one route and is not about to stop. */
export function probes(
  app: FastifyInstance,
  { directory, readiness }: { directory: Directory; readiness: Readiness },
): void {
  app.get('/healthz', (_request, reply) => send(reply, 200, { status: 'ok' }))
  app.get('/readyz', (_request, reply) => {
    const checks = { routes: directory.table.routes.length > 0, stopping: readiness.stopping }
    const ready = checks.routes && !checks.stopping
    return send(reply, ready ? 200 : 503, { status: ready ? 'ok' : 'unavailable', checks })
  })
}

function send(reply: FastifyReply, status: number, body: unknown): FastifyReply {
  return reply.code(status).header('cache-control', 'no-store').send(body)
}
