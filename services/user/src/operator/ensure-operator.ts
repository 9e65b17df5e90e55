import { AccountActivated } from '@portico/contracts/user'
import { uuidv7 } from '@portico/database'
import { type Account, newAccount, toActivated } from '../accounts/account.ts'
import type { Stores, Transact } from '../context.ts'

export const operatorHandle = 'operator'

export interface OperatorSecrets {
  /** SHA-256 of the bearer token. */
  tokenHash: Buffer | null
  /** SHA-256 of this start's one-time ticket. */
  ticketHash: Buffer | null
}

/**
 * Sees to it that the operator exists and that exactly the configured bearer token opens its door. Any number of
 * replicas may do it at once, and each at each start: a lock lets one go first, and there is nothing left to do then.
 */
export async function ensureOperator(transact: Transact, secrets: OperatorSecrets, now: Date): Promise<void> {
  await transact(async stores => {
    await stores.lockOperator()
    const account = (await stores.accounts.findByHandle(operatorHandle)) ?? (await createOperator(stores, now))
    if (secrets.tokenHash) await ensureToken(stores, account, secrets.tokenHash, now)
    if (secrets.ticketHash) await stores.tickets.add(secrets.ticketHash, account.id, now)
  })
}

async function createOperator({ accounts, outbox }: Stores, now: Date): Promise<Account> {
  const given = { id: uuidv7(), email: null, handle: operatorHandle, name: 'Operator', passwordHash: null }
  const account = newAccount({ ...given, role: 'operator' }, now)
  await accounts.add(account)
  await outbox.add(AccountActivated, toActivated(account))
  return account
}

/** A session without an end. One with another token is the former token's: it ends. */
async function ensureToken({ sessions, revoke }: Stores, account: Account, hash: Buffer, now: Date): Promise<void> {
  const known = await sessions.present(hash)
  if (known) return
  const former = await sessions.removeOfMode(account.id, 'operator')
  await revoke(account.id, former, now)
  const id = uuidv7()
  const unseen = { lastSeenAt: now, lastSeenAddress: null, userAgent: null }
  const session = { id, accountId: account.id, mode: 'operator' as const, createdAt: now, ...unseen, expiresAt: null }
  const token = { hash, sessionId: id, kind: 'operator' as const, createdAt: now, expiresAt: null, usedAt: null }
  await sessions.add(session, [token])
}
