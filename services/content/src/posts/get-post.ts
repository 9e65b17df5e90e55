import { answer, notModified } from '@portico/chassis'
import { getPost, PostNotFound } from '@portico/contracts/content'
import { cacheHeaders } from '../caching.ts'
import type { Route } from '../context.ts'
import { etagOfPost } from './etag.ts'
import { mayEdit, mayRead } from './rights.ts'
import { looksLikeId } from './slug.ts'

export const getPostRoute: Route = (app, { reads }) => {
  app.route({
    ...getPost,
    handler: async (request, reply) => {
      const { principal } = request
      const { idOrSlug } = request.params
      const byId = looksLikeId(idOrSlug)
      const view = await (byId ? reads.views.byId(idOrSlug.toLowerCase()) : reads.views.bySlug(idOrSlug))
      if (!view || !mayRead(view, principal)) throw PostNotFound()

      const { id, slug, author } = view.summary
      const headers = cacheHeaders(principal, [`post:${id}`, `author:${author.id}`])
      if (!byId && idOrSlug !== slug) {
        return answer(null, { status: 308, headers: { ...headers, location: `/v1/posts/${slug}` } })
      }
      const editor = mayEdit(view, principal)
      const etag = etagOfPost(view, editor)
      if (notModified(request, reply, etag)) return answer(null, { status: 304, headers })
      const text = editor ? { html: view.html, body: await reads.views.bodyOf(view) } : { html: view.html }
      return answer({ ...view.summary, ...text }, { headers })
    },
  })
}
