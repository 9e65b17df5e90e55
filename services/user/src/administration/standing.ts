import type { Role } from '@portico/contracts'
import { AccountProtected } from '@portico/contracts/user'
import { type Account, type AccountChanges, changeAccount } from '../accounts/account.ts'
import type { AuditRecord } from './audit.ts'

export interface StandingChange {
  role?: Role
  suspended?: boolean
  reason?: string
}

/** Who changes it. */
export interface Administrator {
  userId: string
  role: Role
}

/**
 * The account with its new role or standing. Nobody lifts or lowers themselves; the operator's account belongs to the
 * system; administrators are made and unmade by the operator alone, so that one of them cannot take the house.
 *
 * @throws {ProblemError} `account_protected`
 */
export function changeStanding(account: Account, change: StandingChange, by: Administrator, now: Date): Account {
  if (account.role === 'operator' || account.id === by.userId) throw AccountProtected()
  const touchesAdmin = account.role === 'admin' || change.role === 'admin'
  if (touchesAdmin && by.role !== 'operator') throw AccountProtected()
  const changes: AccountChanges = {
    role: change.role ?? account.role,
    status: change.suspended === undefined ? account.status : change.suspended ? 'suspended' : 'active',
  }
  return changeAccount(account, changes, now)
}

/** What the audit trail says of the change: a row for each of the two that differ. */
export function recordsOf(
  before: Account,
  after: Account,
  { reason }: StandingChange,
  by: Administrator,
): AuditRecord[] {
  const common = { actorId: by.userId, subjectId: after.id }
  const records: AuditRecord[] = []
  if (before.role !== after.role) {
    const details = { from: before.role, to: after.role, reason: reason ?? null }
    records.push({ ...common, action: 'account.role_changed', details })
  }
  if (before.status !== after.status) {
    const action = after.status === 'suspended' ? 'account.suspended' : 'account.reinstated'
    records.push({ ...common, action, details: { reason: reason ?? null } })
  }
  return records
}
