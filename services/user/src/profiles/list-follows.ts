import { pageAnswer } from '@portico/chassis'
import { pageLimit } from '@portico/contracts'
import { listFollowers, listFollowing } from '@portico/contracts/user'
import type { Route } from '../context.ts'
import { cachingOf } from './caching.ts'

export const listFollowersRoute: Route = (app, { reads }) => {
  app.route({
    ...listFollowers,
    handler: async request => {
      const { limit = pageLimit.default, cursor } = request.query
      const { id } = await reads.accounts.getShown(request.params.handle)
      const page = await reads.follows.list('followers', id, { limit, cursor })
      return pageAnswer(request, page, cachingOf(request, id))
    },
  })
}

export const listFollowingRoute: Route = (app, { reads }) => {
  app.route({
    ...listFollowing,
    handler: async request => {
      const { limit = pageLimit.default, cursor } = request.query
      const { id } = await reads.accounts.getShown(request.params.handle)
      const page = await reads.follows.list('following', id, { limit, cursor })
      return pageAnswer(request, page, cachingOf(request, id))
    },
  })
}
