import { noContent } from '@portico/chassis'
import { addReaction, PostNotFound } from '@portico/contracts/content'
import type { Route } from '../context.ts'

export const addReactionRoute: Route = (app, { clock, transact }) => {
  app.route({
    ...addReaction,
    handler: request => {
      const { userId } = request.requirePrincipal()
      const { id: postId, kind } = request.params
      return transact(request, async ({ posts, reactions, purge }) => {
        // The lock keeps the post from being purged between the look and the insert.
        if (!(await posts.lockPublished(postId))) throw PostNotFound()
        if (await reactions.add({ postId, userId, kind }, clock())) {
          await posts.count(postId, 'reaction_count', 1)
          purge(`post:${postId}`)
        }
        return noContent()
      })
    },
  })
}
