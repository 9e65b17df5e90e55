import { type Consumer, consume } from '@portico/messaging'
import type { Context } from './context.ts'
import { ownerEvents } from './files/owner-events.ts'

/** Every subscription of the service. */
export function createConsumers(context: Context): Consumer {
  const { bus, database, relay, telemetry } = context
  return consume({
    name: 'owners',
    service: 'file',
    bus,
    database,
    relay,
    telemetry,
    from: 'user.account',
    on: ownerEvents(context),
  })
}
