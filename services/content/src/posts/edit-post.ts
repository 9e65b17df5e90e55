import { editPost, type PostPatch } from '@portico/contracts/content'
import type { Route } from '../context.ts'
import { normaliseTags } from '../tags/normalise.ts'
import { requireCurrent } from './etag.ts'
import { instantOf } from './instant.ts'
import { type Edit, edit } from './life.ts'
import type { Text } from './post.ts'
import { record } from './record.ts'
import { requireEditor, requireImporter } from './rights.ts'
import { refuseIdShape } from './slug.ts'
import { writtenPost } from './written.ts'

export const editPostRoute: Route = (app, { clock, renderer, transact }) => {
  app.route({
    ...editPost,
    handler: async request => {
      const principal = request.requirePrincipal()
      const given = request.body
      requireImporter(given, principal)
      refuseIdShape(given.slug)
      const { body } = given
      const text = body === undefined ? undefined : { body, ...(await renderer.post(body, request.signal)) }

      return transact(request, async stores => {
        const before = await stores.posts.getForUpdate(request.params.id)
        requireEditor(before, principal)
        requireCurrent(request.headers['if-match'], before)
        const after = edit(before, editOf(given, text), clock())
        await record(stores, before, after, principal.userId, text)
        return writtenPost(await stores.views.stamped(after.id))
      })
    },
  })
}

function editOf({ title, tags, byline, slug, coverFileId, createdAt, publishedAt }: PostPatch, text?: Text): Edit {
  return {
    ...(title === undefined ? {} : { title: title.trim() }),
    ...(tags === undefined ? {} : { tags: normaliseTags(tags) }),
    ...(byline === undefined ? {} : { byline }),
    ...(slug === undefined ? {} : { slug }),
    ...(coverFileId === undefined ? {} : { coverFileId }),
    ...(createdAt === undefined ? {} : { createdAt: instantOf(createdAt, 'createdAt') }),
    ...(publishedAt === undefined ? {} : { publishedAt: instantOf(publishedAt, 'publishedAt') }),
    ...(text === undefined ? {} : { text }),
  }
}
