import { answer, etagOf, notModified } from '@portico/chassis'
import { getMe } from '@portico/contracts/user'
import { toMe } from '../accounts/account.ts'
import type { Route } from '../context.ts'

export const getMeRoute: Route = (app, { reads }) => {
  app.route({
    ...getMe,
    handler: async (request, reply) => {
      const account = await reads.accounts.getOwn(request.requirePrincipal().userId)
      reply.header('cache-control', 'private, no-cache')
      if (notModified(request, reply, etagOf(account.version), account.changedAt)) return answer(null)
      return toMe(account)
    },
  })
}
