import { pageAnswer } from '@portico/chassis'
import { pageLimit } from '@portico/contracts'
import { listComments, PostNotFound } from '@portico/contracts/content'
import { cacheHeaders } from '../caching.ts'
import type { Route } from '../context.ts'
import { mayRead } from '../posts/rights.ts'
import { presentComment } from './present.ts'

export const listCommentsRoute: Route = (app, { reads }) => {
  app.route({
    ...listComments,
    handler: async request => {
      const { id } = request.params
      const { limit = pageLimit.default, cursor } = request.query
      const post = await reads.views.standing(id)
      if (!post || !mayRead(post, request.principal)) throw PostNotFound()

      const { items, nextCursor } = await reads.comments.ofPost(id, { limit, cursor })
      const authors = new Set(items.map(({ author_id }) => `author:${author_id}`))
      const headers = cacheHeaders(request.principal, [`post:${id}`, `comments:${id}`, ...authors])
      return pageAnswer(request, { items: items.map(presentComment), nextCursor }, headers)
    },
  })
}
