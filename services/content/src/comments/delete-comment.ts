import { etagOf, noContent, requireMatch } from '@portico/chassis'
import { CommentDeleted, deleteComment } from '@portico/contracts/content'
import type { Route } from '../context.ts'
import { requireRemover } from './rights.ts'

export const deleteCommentRoute: Route = (app, { clock, transact }) => {
  app.route({
    ...deleteComment,
    handler: request => {
      const principal = request.requirePrincipal()
      return transact(request, async ({ comments, posts, outbox, purge }) => {
        const { id, postId, version, ...written } = await comments.getForUpdate(request.params.id)
        requireRemover(written, principal)
        if (request.headers['if-match']) requireMatch(request, etagOf(version))
        const now = clock()
        await comments.remove(id, now)
        await posts.count(postId, 'comment_count', -1)
        await outbox.add(CommentDeleted, { commentId: id, postId, deletedAt: now.toISOString() })
        purge(`post:${postId}`, `comments:${postId}`)
        return noContent()
      })
    },
  })
}
