import { noContent } from '@portico/chassis'
import { confirmPasswordReset, ResetInvalid } from '@portico/contracts/user'
import type { Route } from '../context.ts'
import { hashToken } from '../sessions/tokens.ts'
import { requireStrong } from './policy.ts'
import { setPassword } from './set-password.ts'

export const confirmPasswordResetRoute: Route = (app, { clock, transact, hasher, blocklist }) => {
  app.route({
    ...confirmPasswordReset,
    handler: async request => {
      const { token, newPassword } = request.body
      // Before the token is looked at: a refusal says nothing of it, and leaves it as it is.
      requireStrong(newPassword, {}, blocklist, '#/newPassword')
      const passwordHash = await hasher.hash(newPassword)
      return transact(request, async stores => {
        const now = clock()
        const accountId = await stores.resets.use(hashToken(token), now)
        if (accountId === null) throw ResetInvalid()
        const account = await stores.accounts.getForUpdate(accountId)
        requireStrong(newPassword, account, blocklist, '#/newPassword')
        await setPassword(stores, { account, passwordHash, keptSessionId: null, now })
        return noContent()
      })
    },
  })
}
