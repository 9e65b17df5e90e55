import { answer } from '@portico/chassis'
import { getUser } from '@portico/contracts/user'
import { toProfile } from '../accounts/account.ts'
import type { Route } from '../context.ts'
import { cachingOf } from './caching.ts'

export const getUserRoute: Route = (app, { reads }) => {
  app.route({
    ...getUser,
    handler: async request => {
      const account = await reads.accounts.getShown(request.params.handle)
      const reader = request.principal
      const followed = reader ? await reads.follows.exists(reader.userId, account.id) : null
      return answer(toProfile(account, followed), { headers: cachingOf(request, account.id) })
    },
  })
}
