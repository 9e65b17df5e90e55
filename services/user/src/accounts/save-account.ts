import { AccountChanged } from '@portico/contracts/user'
import type { Stores } from '../context.ts'
import { type Account, accountTag, toChanged } from './account.ts'

/**
 * Writes what a rule made of an account, tells it, and drops the answers that gateways keep of it: all of it takes effect
 * with the transaction, or nothing. A password and a suspension are nobody else's business: they are written and not told.
 *
 * @throws {ProblemError} `handle_taken`
 */
export async function saveAccount(stores: Stores, before: Account, after: Account): Promise<void> {
  if (after === before) return
  if (after.handle !== before.handle) {
    await stores.accounts.requireFree(after.handle, after.id)
    await stores.accounts.retire(before.handle, after.id, after.changedAt)
  }
  await stores.accounts.save(after)
  if (isTold(before, after)) await stores.outbox.add(AccountChanged, toChanged(after))
  stores.purge(accountTag(after.id))
}

function isTold(before: Account, after: Account): boolean {
  const told = ['handle', 'name', 'bio', 'avatarFileId', 'role', 'email', 'locale'] as const
  return told.some(name => before[name] !== after[name])
}
