import { unpublishPost } from '@portico/contracts/content'
import type { Route } from '../context.ts'
import { refuseStale } from './etag.ts'
import { unpublish } from './life.ts'
import { record } from './record.ts'
import { requireModerator } from './rights.ts'
import { writtenPost } from './written.ts'

export const unpublishPostRoute: Route = (app, { clock, transact }) => {
  app.route({
    ...unpublishPost,
    handler: request => {
      const principal = request.requirePrincipal()
      return transact(request, async stores => {
        const before = await stores.posts.getForUpdate(request.params.id)
        requireModerator(before, principal)
        refuseStale(request.headers['if-match'], before)
        const after = unpublish(before, clock())
        await record(stores, before, after, principal.userId)
        return writtenPost(await stores.views.stamped(after.id))
      })
    },
  })
}
