import { answer, etagOf, requireMatch } from '@portico/chassis'
import { AccountProtected, changeMe } from '@portico/contracts/user'
import { changeAccount, toMe } from '../accounts/account.ts'
import { saveAccount } from '../accounts/save-account.ts'
import type { Route } from '../context.ts'

export const changeMeRoute: Route = (app, { clock, transact }) => {
  app.route({
    ...changeMe,
    handler: request =>
      transact(request, async stores => {
        const account = await stores.accounts.getOwnForUpdate(request.requirePrincipal().userId)
        if (request.headers['if-match'] !== undefined) requireMatch(request, etagOf(account.version))
        // The system finds the operator by its handle.
        const { handle = account.handle } = request.body
        if (account.role === 'operator' && handle !== account.handle) throw AccountProtected()
        const changed = changeAccount(account, request.body, clock())
        await saveAccount(stores, account, changed)
        return answer(toMe(changed), { headers: { etag: etagOf(changed.version) } })
      }),
  })
}
