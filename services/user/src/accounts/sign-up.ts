import { SignUpRepeated, signUp, VerificationRequested } from '@portico/contracts/user'
import { uuidv7 } from '@portico/database'
import type { Route } from '../context.ts'
import { requireStrong } from '../passwords/policy.ts'
import { defaultLocale } from './account.ts'
import { newSignUp, toSignUpRepeated, toVerificationRequested } from './verification.ts'

/**
 * Whether the address has an account or not, the same is done: one hash, the same statements, the same answer. Only the
 * event differs. A handle is not held for a sign-up either, or a second one for the same handle would tell.
 */
export const signUpRoute: Route = (app, { clock, transact, hasher, blocklist }) => {
  app.route({
    ...signUp,
    handler: async request => {
      const { email, password, handle, name, locale = defaultLocale } = request.body
      requireStrong(password, { email, handle, name }, blocklist, '#/password')
      const passwordHash = await hasher.hash(password)
      return transact(request, async ({ accounts, signUps, outbox }) => {
        const now = clock()
        const id = uuidv7()
        await accounts.requireFree(handle, id)
        const owner = await accounts.findByEmail(email)
        if (await signUps.mayMail(email, now)) {
          const accountId = owner?.id ?? uuidv7()
          const given = { id, accountId, email, handle, name, locale, passwordHash, repeated: owner !== null }
          const { signUp: kept, token, code } = newSignUp(given, now)
          await signUps.add(kept)
          if (owner) await outbox.add(SignUpRepeated, toSignUpRepeated(kept, owner))
          else await outbox.add(VerificationRequested, toVerificationRequested(kept, token, code))
        }
        return { status: 'verification_sent' as const }
      })
    },
  })
}
