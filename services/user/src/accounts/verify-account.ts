import { InvalidInput } from '@portico/contracts'
import { AccountActivated, VerificationInvalid, verifyAccount } from '@portico/contracts/user'
import { isConstraint } from '@portico/database'
import type { Context, Route, Stores } from '../context.ts'
import { beginSession } from '../sessions/begin-session.ts'
import { deviceOf } from '../sessions/device.ts'
import { hashCode, hashToken, sameBytes } from '../sessions/tokens.ts'
import { type Account, newAccount, toActivated } from './account.ts'
import type { SignUp } from './verification.ts'

type Proof = { tokenHash: Buffer } | { email: string; code: string }

export const verifyAccountRoute: Route = (app, context) => {
  const { clock, transact, cookie } = context
  app.route({
    ...verifyAccount,
    handler: async request => {
      const { handle, mode = 'token' } = request.body
      const find = await finderOf(context, proofOf(request.body))
      return transact(request, async stores => {
        const now = clock()
        const signUp = await find(stores)
        if (!signUp) throw VerificationInvalid()
        const { accountId: id, email, name, locale, passwordHash } = signUp
        const account = newAccount({ id, email, handle: handle ?? signUp.handle, name, locale, passwordHash }, now)
        await activate(stores, account)
        await stores.signUps.removeOfAddress(email)
        return beginSession(stores, { account, mode, device: deviceOf(request), cookie, now })
      })
    },
  })
}

function proofOf({ token, email, code }: { token?: string; email?: string; code?: string }): Proof {
  if (token !== undefined) return { tokenHash: hashToken(token) }
  if (email !== undefined && code !== undefined) return { email, code }
  const detail = 'is required, or `email` and `code`'
  throw InvalidInput({ errors: [{ pointer: '#/token', in: 'body', detail }] })
}

/**
 * How to find the sign-up inside the transaction. A code's try is spent before, in a transaction of its own: it stays
 * spent when the code is wrong.
 */
async function finderOf(
  { transact, clock }: Context,
  proof: Proof,
): Promise<(stores: Stores) => Promise<SignUp | null>> {
  if ('tokenHash' in proof) return ({ signUps }) => signUps.findByToken(proof.tokenHash, clock())
  const tried = await transact(({ signUps }) => signUps.spendTry(proof.email, clock()))
  const matching = tried.find(({ id, codeHash }) => sameBytes(codeHash, hashCode(id, proof.code)))
  return async ({ signUps }) => (matching ? signUps.findByToken(matching.tokenHash, clock()) : null)
}

/** @throws {ProblemError} `handle_taken`; `verification_invalid` when the address got its account meanwhile */
async function activate({ accounts, outbox }: Stores, account: Account): Promise<void> {
  await accounts.requireFree(account.handle, account.id)
  try {
    await accounts.add(account)
  } catch (cause) {
    if (isConstraint(cause, 'accounts_email_unique')) throw VerificationInvalid({ cause })
    throw cause
  }
  await outbox.add(AccountActivated, toActivated(account))
}
