import type { Role } from '@portico/contracts'
import { decodeCursor, encodeCursor, keyset, type Page, page } from '@portico/database'
import { type Kysely, sql } from 'kysely'
import type { Account } from '../accounts/account.ts'
import { accountOf, columns } from '../accounts/account-store.ts'
import { addressKey } from '../accounts/address.ts'
import type { AccountStatus, Tables } from '../db/tables.ts'

export interface AccountFilter {
  limit: number
  cursor?: string | undefined
  /** The beginning of the handle, name or address. */
  q?: string | undefined
  role?: Role | undefined
  status?: AccountStatus | undefined
}

export type AccountFinder = ReturnType<typeof accountFinder>

/** Accounts as administrators look for them: newest first. */
export function accountFinder(db: Kysely<Tables>) {
  return {
    async find({ limit, cursor, q, role, status }: AccountFilter): Promise<Page<Account>> {
      const list = `accounts:${role ?? ''}:${status ?? ''}:${q ?? ''}`
      const after = cursor === undefined ? null : decodeCursor(cursor, { list, shape: ['uuid'] })
      let query = db.selectFrom('accounts').select(columns)
      if (role !== undefined) query = query.where('role', '=', role)
      if (status !== undefined) query = query.where('status', '=', status)
      if (q !== undefined) query = query.where(beginsWith(q))
      const rows = await keyset(query, [{ column: 'id', direction: 'desc' }], after)
        .limit(limit + 1)
        .execute()
      return page(rows.map(accountOf), limit, ({ id }) => encodeCursor([id], { list }))
    },
  }
}

function beginsWith(q: string) {
  const pattern = `${addressKey(q).replace(/[\\%_]/g, '\\$&')}%`
  return sql<boolean>`(handle like ${pattern} or lower(name) like ${pattern} or email_key like ${pattern})`
}
