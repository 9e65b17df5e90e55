import { pageAnswer } from '@portico/chassis'
import { pageLimit } from '@portico/contracts'
import { listTags } from '@portico/contracts/content'
import { cacheHeaders } from '../caching.ts'
import type { Route } from '../context.ts'

export const listTagsRoute: Route = (app, { reads }) => {
  app.route({
    ...listTags,
    handler: async request => {
      const { limit = pageLimit.default, cursor } = request.query
      const tags = await reads.tags.counted({ limit, cursor })
      return pageAnswer(request, tags, cacheHeaders(request.principal, ['tags']))
    },
  })
}
