import { performance } from 'node:perf_hooks'
import type { Telemetry } from '@portico/telemetry'
import type { FastifyInstance } from 'fastify'

/** What a process knows of its own work, for its announcements and its end. */
export interface Lifecycle {
  /** Set once: it will stop soon. `/readyz` says 503 and each answer closes its connection. */
  draining: boolean
  /** Requests being worked on; probes do not count. */
  inFlight: number
  readonly startedAt: Date
  /** Event-loop utilisation since the last call, 0 to 1. */
  utilisation(): number
}

export function createLifecycle(): Lifecycle {
  let last = performance.eventLoopUtilization()
  return {
    draining: false,
    inFlight: 0,
    startedAt: new Date(),
    utilisation() {
      const now = performance.eventLoopUtilization()
      const { utilization } = performance.eventLoopUtilization(now, last)
      last = now
      return Math.min(1, Math.max(0, utilization))
    },
  }
}

export function countRequests(app: FastifyInstance, lifecycle: Lifecycle, { metrics }: Telemetry): void {
  app.decorate('lifecycle', lifecycle)
  metrics.observe('http_server_active_requests', 'Requests being worked on', () => lifecycle.inFlight)
  // Whoever keeps the connection would send its next request into the closing socket. On the way out, so that it is also
  // said to those who came before the drain.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (lifecycle.draining) reply.header('connection', 'close')
    done()
  })
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.trace === false) return done()
    lifecycle.inFlight += 1
    reply.raw.once('close', () => {
      lifecycle.inFlight -= 1
    })
    done()
  })
}
