import { pageAnswer } from '@portico/chassis'
import { pageLimit } from '@portico/contracts'
import { listOwnPosts } from '@portico/contracts/content'
import { cacheHeaders } from '../caching.ts'
import type { Route } from '../context.ts'

export const listOwnPostsRoute: Route = (app, { reads }) => {
  app.route({
    ...listOwnPosts,
    handler: async request => {
      const { userId } = request.requirePrincipal()
      const { limit = pageLimit.default, cursor, status } = request.query
      const posts = await reads.views.own({ authorId: userId, status, limit, cursor })
      return pageAnswer(request, posts, cacheHeaders(request.principal, []))
    },
  })
}
