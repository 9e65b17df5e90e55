import { AccountActivated, AccountChanged, AccountDeleted } from '@portico/contracts/user'
import { type Handler, handle } from '@portico/messaging'
import type { Context } from '../context.ts'
import type { Tables } from '../db/tables.ts'
import { forgetAuthor } from './forget.ts'

/** Keeps the projection of authors, in the order in which accounts changed. */
export function accountEvents({ storesOf }: Pick<Context, 'storesOf'>): Handler<Tables>[] {
  return [
    handle(AccountActivated, async (account, { trx }) => {
      const { authors, purge } = storesOf(trx)
      await authors.project(account, new Date(account.activatedAt))
      purge(...tagsOf(account.userId))
    }),
    handle(AccountChanged, async (account, { trx }) => {
      const { authors, purge } = storesOf(trx)
      await authors.project(account, new Date(account.changedAt))
      purge(...tagsOf(account.userId))
    }),
    handle(AccountDeleted, async ({ userId, deletedAt }, { trx }) => {
      const stores = storesOf(trx)
      await forgetAuthor(stores, userId, new Date(deletedAt))
      stores.purge(...tagsOf(userId))
    }),
  ]
}

/** What gateways keep that names the person. */
const tagsOf = (userId: string) => [`author:${userId}`, 'posts']
