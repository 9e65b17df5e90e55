import { pageAnswer } from '@portico/chassis'
import { pageLimit } from '@portico/contracts'
import { adminFindUsers } from '@portico/contracts/user'
import { toAdminUser } from '../accounts/account.ts'
import type { Route } from '../context.ts'

export const findUsersRoute: Route = (app, { reads }) => {
  app.route({
    ...adminFindUsers,
    handler: async request => {
      const { limit = pageLimit.default, ...filter } = request.query
      const { items, nextCursor } = await reads.finder.find({ limit, ...filter })
      return pageAnswer(request, { items: items.map(toAdminUser), nextCursor })
    },
  })
}
