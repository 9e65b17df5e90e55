import { answer } from '@portico/chassis'
import { AccountDeleted, AccountProtected, deleteMe } from '@portico/contracts/user'
import { uuidv7 } from '@portico/database'
import { accountTag } from '../accounts/account.ts'
import type { Route } from '../context.ts'

/** The person is gone here when this answers; the event tells every other service to forget them too. */
export const deleteMeRoute: Route = (app, { clock, transact, cookie }) => {
  app.route({
    ...deleteMe,
    handler: request =>
      transact(request, async ({ accounts, outbox, audit, revoke, purge }) => {
        const { userId } = request.requirePrincipal()
        const now = clock()
        await accounts.holdWithNeighbours(userId)
        const account = await accounts.getOwnForUpdate(userId)
        if (account.role === 'operator') throw AccountProtected()
        const receiptId = uuidv7()
        const requestedAt = now.toISOString()
        await accounts.erase(account, receiptId, now)
        await accounts.retire(account.handle, userId, now)
        await outbox.add(AccountDeleted, { userId, deletedAt: requestedAt })
        await revoke(userId, null, now)
        purge(accountTag(userId))
        await audit.record(
          { actorId: userId, action: 'account.deleted', subjectId: userId, details: { receiptId } },
          now,
        )
        return answer({ receiptId, userId, requestedAt }, { headers: { 'set-cookie': cookie.clear() } })
      }),
  })
}
