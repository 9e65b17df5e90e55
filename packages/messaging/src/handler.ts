import type { EventDefinition } from '@portico/contracts'
import type { Transaction } from 'kysely'
import type { Static, TSchema } from 'typebox'
import type { EventInfo } from './delivery.ts'
import { requireValid } from './validate.ts'

/** What a handler works with: whatever it writes with `trx` happens once, together with the record that it was handled. */
export interface Handling<Tables> {
  readonly trx: Transaction<Tables>
  readonly event: EventInfo
}

export interface Handler<Tables> {
  readonly definition: EventDefinition
  readonly run: (payload: unknown, handling: Handling<Tables>) => Promise<void>
}

/**
 * @example
 * handle(AccountActivated, async ({ userId, handle, name }, { trx }) => authorStore(trx).upsert({ userId, handle, name }))
 */
export function handle<Schema extends TSchema, Tables>(
  definition: EventDefinition<Schema>,
  work: (payload: Static<Schema>, handling: Handling<Tables>) => Promise<void>,
): Handler<Tables> {
  return {
    definition,
    async run(payload, handling) {
      requireValid(definition, payload)
      await work(payload, handling)
    },
  }
}
