import { answer, etagOf, requireMatch } from '@portico/chassis'
import { editComment } from '@portico/contracts/content'
import type { Route } from '../context.ts'
import { renderComment } from '../markdown/render.ts'
import { presentComment } from './present.ts'
import { requireAuthor } from './rights.ts'

export const editCommentRoute: Route = (app, { clock, transact }) => {
  app.route({
    ...editComment,
    handler: request => {
      const principal = request.requirePrincipal()
      const { body } = request.body
      const { html } = renderComment(body)

      return transact(request, async ({ comments, purge }) => {
        const { id, postId, version, ...written } = await comments.getForUpdate(request.params.id)
        requireAuthor(written, principal)
        if (request.headers['if-match']) requireMatch(request, etagOf(version))
        await comments.edit(id, { body, html }, clock())
        purge(`comments:${postId}`)
        const comment = await comments.get(id)
        return answer(presentComment(comment), { headers: { etag: etagOf(comment.version) } })
      })
    },
  })
}
