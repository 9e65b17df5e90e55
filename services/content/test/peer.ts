import type { EventDefinition, Payload } from '@portico/contracts'
import { type Database, openDatabase } from '@portico/database'
import { type Bus, connectBus, consume, createRelay, handle, messagingMigrations, outbox } from '@portico/messaging'
import { silentTelemetry } from '@portico/telemetry'
import { type TestScope, testDatabase, testStreams } from '@portico/testkit'
import type { TSchema } from 'typebox'

export interface Peer {
  bus: Bus
  /** Tells an event as its service would: through an outbox and a relay. */
  emit<Schema extends TSchema>(
    definition: EventDefinition<Schema>,
    payload: Payload<EventDefinition<Schema>>,
  ): Promise<void>
  /** Everything that was told of an entity, in the order in which it came: subject and payload. */
  hear(entity: string, ...definitions: EventDefinition[]): { subject: string; payload: unknown }[]
}

/** Another service on the same NATS, as far as its messages go. */
export async function startPeer(t: TestScope, service: string, natsUrl: string): Promise<Peer> {
  const telemetry = silentTelemetry()
  const { url } = await testDatabase(t, { service, migrations: [messagingMigrations] })
  const database: Database<unknown> = openDatabase({ url, applicationName: service, poolSize: 3, telemetry })
  const bus = await connectBus({ servers: natsUrl, name: service, telemetry })
  const relay = createRelay({ database, bus, contract: { name: service }, telemetry, pollMs: 50 })
  relay.start()
  const stops = [relay.stop, bus.close, database.close]
  t.after(async () => {
    for (const stop of stops) await stop()
  })
  return {
    bus,
    async emit(definition, payload) {
      await database.transaction(trx => outbox(trx, telemetry).add(definition, payload))
      relay.wake()
    },
    hear(entity, ...definitions) {
      testStreams(t, natsUrl, [{ name: service, emits: [], listensTo: [entity] }])
      const heard: { subject: string; payload: unknown }[] = []
      const on = definitions.map(definition =>
        handle<TSchema, unknown>(definition, async payload => {
          heard.push({ subject: definition.subject, payload })
        }),
      )
      const consumer = consume({
        name: `hears-${entity.replace('.', '-')}`,
        service,
        from: entity,
        on,
        bus,
        database,
        telemetry,
      })
      consumer.start()
      stops.unshift(consumer.stop)
      return heard
    },
  }
}
