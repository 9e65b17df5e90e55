import { AccountDeleted } from '@portico/contracts/user'
import { type Handler, handle } from '@portico/messaging'
import type { Context } from '../context.ts'
import type { Tables } from '../db/tables.ts'
import { removeFile } from './remove.ts'

/** An account that is gone leaves no files behind. */
export function ownerEvents({ storesOf }: Pick<Context, 'storesOf'>): Handler<Tables>[] {
  return [
    handle(AccountDeleted, async ({ userId, deletedAt }, { trx }) => {
      const stores = storesOf(trx)
      for (const file of await stores.files.ofOwner(userId)) await removeFile(stores, file, new Date(deletedAt))
    }),
  ]
}
