import { pageAnswer } from '@portico/chassis'
import { pageLimit } from '@portico/contracts'
import { listPosts } from '@portico/contracts/content'
import { cacheHeaders } from '../caching.ts'
import type { Route } from '../context.ts'
import { normaliseTag } from '../tags/normalise.ts'

export const listPostsRoute: Route = (app, { reads }) => {
  app.route({
    ...listPosts,
    handler: async request => {
      const { limit = pageLimit.default, cursor, author, tag, sort = 'newest' } = request.query
      const wanted = tag === undefined ? undefined : normaliseTag(tag)
      const posts = await reads.views.published({ limit, cursor, author, tag: wanted, sort })
      return pageAnswer(request, posts, cacheHeaders(request.principal, ['posts']))
    },
  })
}
