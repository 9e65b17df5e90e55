import { answer, etagOf, requireMatch } from '@portico/chassis'
import { adminChangeUser } from '@portico/contracts/user'
import { type Account, toAdminUser } from '../accounts/account.ts'
import { saveAccount } from '../accounts/save-account.ts'
import type { Route, Stores } from '../context.ts'
import { changeStanding, recordsOf } from './standing.ts'

export const changeUserRoute: Route = (app, { clock, transact }) => {
  app.route({
    ...adminChangeUser,
    handler: request =>
      transact(request, async stores => {
        const by = request.requirePrincipal()
        const now = clock()
        const account = await stores.accounts.getForUpdate(request.params.id)
        if (request.headers['if-match'] !== undefined) requireMatch(request, etagOf(account.version))
        const changed = changeStanding(account, request.body, by, now)
        await saveAccount(stores, account, changed)
        await applyToSessions(stores, account, changed, now)
        for (const record of recordsOf(account, changed, request.body, by)) await stores.audit.record(record, now)
        return answer(toAdminUser(changed), { headers: { etag: etagOf(changed.version) } })
      }),
  })
}

/** A suspended account is out everywhere; one with another role is asked for again, and goes on. */
async function applyToSessions(
  { sessions, revoke }: Stores,
  before: Account,
  after: Account,
  now: Date,
): Promise<void> {
  if (before.status === after.status && before.role === after.role) return
  if (after.status === 'suspended') await sessions.removeOthers(after.id, null)
  await revoke(after.id, null, now)
}
