import { AccountActivated, AccountChanged, AccountDeleted } from '@portico/contracts/user'
import { type Handler, handle } from '@portico/messaging'
import type { Context } from '../context.ts'
import type { Tables } from '../db/tables.ts'

/** Keeps the projection of people, in the order in which accounts changed; one that is gone takes everything along. */
export function accountEvents({ storesOf }: Pick<Context, 'storesOf'>): Handler<Tables>[] {
  return [
    handle(AccountActivated, (account, { trx }) =>
      storesOf(trx).people.project(account, new Date(account.activatedAt)),
    ),
    handle(AccountChanged, (account, { trx }) => storesOf(trx).people.project(account, new Date(account.changedAt))),
    handle(AccountDeleted, async ({ userId, deletedAt }, { trx }) => {
      const { people, notices, mails, preferences } = storesOf(trx)
      await people.forget(userId, new Date(deletedAt))
      await notices.removeOfUser(userId)
      await mails.removeOfUser(userId)
      await preferences.remove(userId)
    }),
  ]
}
