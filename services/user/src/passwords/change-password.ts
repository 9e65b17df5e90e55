import { noContent } from '@portico/chassis'
import { changePassword, PasswordWrong } from '@portico/contracts/user'
import type { Route } from '../context.ts'
import { countersOf } from '../sessions/attempts.ts'
import { deviceOf } from '../sessions/device.ts'
import { requireStrong } from './policy.ts'
import { setPassword } from './set-password.ts'

export const changePasswordRoute: Route = (app, context) => {
  const { clock, transact, hasher, blocklist, reads } = context
  app.route({
    ...changePassword,
    handler: async request => {
      const { userId, sessionId } = request.requirePrincipal()
      const { currentPassword, newPassword } = request.body
      const known = await reads.accounts.getOwn(userId)
      requireStrong(newPassword, known, blocklist, '#/newPassword')
      // A stolen session must not be a way to guess the password: these tries count like those of signing in.
      const counters = countersOf(known.email ?? userId, deviceOf(request).address)
      await transact(({ attempts }) => attempts.take(counters, clock()))
      if (!(await hasher.verify(known.passwordHash, currentPassword))) throw PasswordWrong()
      const passwordHash = await hasher.hash(newPassword)
      return transact(request, async stores => {
        const account = await stores.accounts.getOwnForUpdate(userId)
        if (account.passwordHash !== known.passwordHash) throw PasswordWrong()
        await stores.attempts.clear(counters)
        await setPassword(stores, { account, passwordHash, keptSessionId: sessionId, now: clock() })
        return noContent()
      })
    },
  })
}
