import { type Consumer, consume } from '@portico/messaging'
import { accountEvents } from './authors/account-events.ts'
import type { Context } from './context.ts'

/** Every subscription of the service: so far one. */
export function createConsumers(context: Context): Consumer {
  const { bus, database, relay, telemetry } = context
  return consume({
    name: 'authors',
    service: 'content',
    bus,
    database,
    relay,
    telemetry,
    from: 'user.account',
    on: accountEvents(context),
  })
}
