import { InvalidInput } from '@portico/contracts'
import { AccountSuspended, CredentialsInvalid, signIn, TicketInvalid } from '@portico/contracts/user'
import type { FastifyRequest } from 'fastify'
import type { Account } from '../accounts/account.ts'
import type { Context, Route, Stores } from '../context.ts'
import { countersOf } from './attempts.ts'
import { beginSession } from './begin-session.ts'
import { challenge } from './challenge.ts'
import { deviceOf } from './device.ts'
import { hashToken } from './tokens.ts'

type Given = { email: string; password: string } | { ticket: string }

export const signInRoute: Route = (app, context) => {
  const { clock, transact, cookie } = context
  app.route({
    ...signIn,
    handler: async request => {
      const { mode = 'token' } = request.body
      const admit = await admitterOf(context, request, givenBy(request.body))
      return transact(request, async stores => {
        const account = await admit(stores)
        return beginSession(stores, { account, mode, device: deviceOf(request), cookie, now: clock() })
      })
    },
  })
}

function givenBy({ email, password, ticket }: { email?: string; password?: string; ticket?: string }): Given {
  if (ticket !== undefined) return { ticket }
  if (email !== undefined && password !== undefined) return { email, password }
  const missing = email === undefined ? 'email' : 'password'
  throw InvalidInput({ errors: [{ pointer: `#/${missing}`, in: 'body', detail: 'is required' }] })
}

/** What decides, inside the transaction that begins the session, who comes in. */
async function admitterOf(
  context: Context,
  request: Pick<FastifyRequest, 'headers'>,
  given: Given,
): Promise<(stores: Stores) => Promise<Account>> {
  if ('ticket' in given) return stores => byTicket(stores, given.ticket, context.clock())
  const counters = countersOf(given.email, deviceOf(request).address)
  // The same steps in the same order for an address that nobody has: count, look up, hash, refuse.
  await context.transact(({ attempts }) => attempts.take(counters, context.clock()))
  const known = await context.reads.accounts.findByEmail(given.email)
  const right = await context.hasher.verify(known?.passwordHash ?? null, given.password)
  if (!known || !right) throw CredentialsInvalid({ headers: challenge })
  return async ({ accounts, attempts }) => {
    const account = await accounts.findForUpdate(known.id)
    // Hashing took a while: meanwhile the account may be gone, or its password another.
    if (account?.passwordHash !== known.passwordHash) throw CredentialsInvalid({ headers: challenge })
    if (account.status === 'suspended') throw AccountSuspended()
    await attempts.clear(counters)
    return account
  }
}

async function byTicket({ tickets, accounts, audit }: Stores, ticket: string, now: Date): Promise<Account> {
  const accountId = await tickets.use(hashToken(ticket), now)
  if (accountId === null) throw TicketInvalid({ headers: challenge })
  const account = await accounts.getForUpdate(accountId)
  await audit.record({ actorId: accountId, action: 'operator.signed_in', subjectId: accountId, details: {} }, now)
  return account
}
