import { noContent } from '@portico/chassis'
import { PostNotFound, removeReaction } from '@portico/contracts/content'
import type { Route } from '../context.ts'

export const removeReactionRoute: Route = (app, { transact }) => {
  app.route({
    ...removeReaction,
    handler: request => {
      const { userId } = request.requirePrincipal()
      const { id: postId, kind } = request.params
      return transact(request, async ({ posts, reactions, purge }) => {
        if (!(await posts.lockPublished(postId))) throw PostNotFound()
        if (await reactions.remove({ postId, userId, kind })) {
          await posts.count(postId, 'reaction_count', -1)
          purge(`post:${postId}`)
        }
        return noContent()
      })
    },
  })
}
