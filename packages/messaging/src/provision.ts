import type { NatsConnection } from '@nats-io/transport-node'
import type { ServiceContract } from '@portico/contracts'
import type { Telemetry } from '@portico/telemetry'
import { type Connection, pause } from './connection.ts'
import { ensureConsumers, ensureDeadLetterStream, ensureStream, eventStreamConfig } from './streams.ts'

type Party = Pick<ServiceContract, 'name' | 'emits' | 'listensTo'>

export interface ProvisionOptions {
  /** Of the user `supervisor`; a service's own may not do this. */
  connection: Pick<Connection, 'whenConnected' | 'onStatus'>
  /** Everybody who emits or listens. */
  contracts: readonly Party[]
  log: Pick<Telemetry['log'], 'info' | 'warn'>
  /** How often to look; default 5 s, beside each time that the connection comes up. */
  everyMs?: number
}

export interface Provisioner {
  /** Resolves when all of it was there for the first time. */
  readonly provisioned: Promise<void>
  stop(): Promise<void>
}

const retryMs = 500

/**
 * Keeps the streams and consumers there that the contracts speak of, and makes them anew when the server has lost them:
 * relays and consumers wait for theirs. Safe when several do it at once.
 *
 * Services do not do it themselves, because the right to create a stream is the right to read everybody's.
 */
export function provision({ connection, contracts, log, everyMs = 5_000 }: ProvisionOptions): Provisioner {
  const stopping = new AbortController()
  const first = Promise.withResolvers<void>()
  let cut = new AbortController()
  const forget = connection.onStatus(() => cut.abort())

  async function run(): Promise<void> {
    let failures = 0
    while (!stopping.signal.aborted) {
      cut = new AbortController()
      try {
        await provisionOnce(await connection.whenConnected(stopping.signal), contracts)
        failures = 0
        first.resolve()
      } catch (error) {
        if (stopping.signal.aborted) return
        // The first, then each minute.
        if (failures++ % (60_000 / retryMs) === 0) log.warn({ err: error }, 'streams could not be provisioned')
      }
      await pause(failures > 0 ? retryMs : everyMs, AbortSignal.any([stopping.signal, cut.signal]))
    }
  }

  const running = run()
  return {
    provisioned: first.promise,
    async stop() {
      stopping.abort(new Error('the provisioner is stopping'))
      forget()
      await running
    },
  }
}

/** A stream for whoever emits or is listened to, the dead letters', and each listener's consumers. */
export async function provisionOnce(client: NatsConnection, contracts: readonly Party[]): Promise<void> {
  const entities = (party: Party) => party.listensTo.filter(name => !name.startsWith('broadcast.'))
  const owners = contracts.flatMap(party => [
    ...(party.emits.length > 0 ? [party.name] : []),
    ...entities(party).map(entity => entity.split('.')[0] ?? entity),
  ])
  await ensureDeadLetterStream(client)
  for (const owner of new Set(owners)) await ensureStream(client, eventStreamConfig(owner))
  for (const party of contracts) for (const entity of entities(party)) await ensureConsumers(client, party.name, entity)
}
