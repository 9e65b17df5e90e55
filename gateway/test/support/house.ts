import type { ContractDocument } from '@portico/contracts'
import { type Bus, connectBus } from '@portico/messaging'
import { silentTelemetry } from '@portico/telemetry'
import { eventually, type TestNats, type TestScope, testNats } from '@portico/testkit'
import type { StubReplica } from './stub-service.ts'

/** A NATS of the test's own and a bus on it. */
export async function startBus(t: TestScope): Promise<{ nats: TestNats; bus: Bus }> {
  const nats = await testNats(t)
  const bus = await connectBus({ servers: nats.url, name: 'test', telemetry: silentTelemetry() })
  t.after(() => bus.close())
  await eventually(() => bus.isConnected())
  return { nats, bus }
}

export interface Announcing {
  draining: boolean
  /** No more words. */
  stop(): void
}

/** Announces a stub replica each 200 ms, as a service does each second. */
export function announce(t: TestScope, bus: Bus, replica: StubReplica, instance: string): Announcing {
  const state = { draining: false, stop: () => clearInterval(timer) }
  const { service, version }: ContractDocument = replica.document
  const startedAt = new Date().toISOString()
  const say = () =>
    bus.announce({
      service,
      instance,
      address: replica.address,
      version,
      contractDigest: replica.digest,
      startedAt,
      zone: '',
      weight: 1,
      inFlight: 0,
      utilisation: 0,
      draining: state.draining,
    })
  say()
  const timer = setInterval(say, 200)
  t.after(state.stop)
  return state
}
