import { PasswordChanged } from '@portico/contracts/user'
import { type Account, changeAccount } from '../accounts/account.ts'
import { saveAccount } from '../accounts/save-account.ts'
import type { Stores } from '../context.ts'

interface NewPassword {
  account: Account
  passwordHash: string
  /** The session that goes on; null: none. */
  keptSessionId: string | null
  now: Date
}

/** Whoever knew the old password is out: the other sessions end, and resets that wait are void. The owner is told. */
export async function setPassword(
  stores: Stores,
  { account, passwordHash, keptSessionId, now }: NewPassword,
): Promise<void> {
  const { id: userId, email, name, locale } = account
  await saveAccount(stores, account, changeAccount(account, { passwordHash }, now))
  await stores.resets.removeOf(userId)
  await stores.revoke(userId, await stores.sessions.removeOthers(userId, keptSessionId), now)
  const changedAt = now.toISOString()
  if (email !== null) await stores.outbox.add(PasswordChanged, { userId, email, name, locale, changedAt })
  await stores.audit.record(
    { actorId: userId, action: 'account.password_changed', subjectId: userId, details: {} },
    now,
  )
}
