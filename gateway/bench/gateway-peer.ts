import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Bus, connectBus } from '@portico/messaging'
import { silentTelemetry } from '@portico/telemetry'
import { Type } from 'typebox'
import type { PeerKind } from './peers.ts'
import { freePort, installed, start, startScript } from './processes.ts'

const natsServer = process.env.PORTICO_NATS_SERVER ?? 'nats-server'

/**
 * The gateway as it runs: routing by contract, a session exchanged and cached, rate limit, balancing, one trace in ten
 * recorded and sent. The replicas serve the contract, know the session and take the spans; a NATS carries the beat
 * without which the gateway trusts no cached session.
 */
export const gatewayPeer: PeerKind = {
  name: 'gateway',
  missing: () => (installed(natsServer) ? null : 'gateway: nats-server is not installed'),
  start: async upstreams => {
    const natsPort = await freePort()
    const nats = await start('nats-server', natsPort, natsServer, ['-a', '127.0.0.1', '-p', String(natsPort)])
    const bus = await connectBus({
      servers: [`nats://127.0.0.1:${natsPort}`],
      name: 'bench',
      telemetry: silentTelemetry(),
    })
    const beating = beat(bus)
    const adminPort = await freePort()
    const gateway = await startScript('gateway', await freePort(), join(import.meta.dirname, '..', 'src', 'main.ts'), {
      ADMIN_PORT: String(adminPort),
      UPSTREAMS: upstreams.map(address => `bench=${address}`).join(','),
      NATS_URL: `nats://127.0.0.1:${natsPort}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: upstreams[0] ?? '',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
      RATE_LIMITS: 'read=100000000/60,write=100000000/60',
      CONNECTIONS_PER_ADDRESS: '100000',
      SLOW_START_MS: '0',
      LOG_LEVEL: 'error',
      DRAIN_MS: '0',
    })
    await isReady(gateway.port)
    return {
      ...gateway,
      adminPort,
      async stop() {
        clearInterval(beating)
        await gateway.stop()
        await bus.close()
        await nats.stop()
      },
    }
  },
}

/** It has read the replicas' contract. */
async function isReady(port: number): Promise<void> {
  const untilMs = performance.now() + 15_000
  while (performance.now() < untilMs) {
    const { ok } = await fetch(`http://127.0.0.1:${port}/readyz`)
    if (ok) return
    await pause(50)
  }
  throw new Error('the gateway knows no route')
}

function beat(bus: Bus): NodeJS.Timeout {
  const beatOf = { subject: 'broadcast.bench.beat', service: 'bench', schema: Type.Object({}), description: 'A beat' }
  return setInterval(() => bus.broadcast(beatOf, {}), 500)
}
