import { restorePost } from '@portico/contracts/content'
import type { Route } from '../context.ts'
import { refuseStale } from './etag.ts'
import { restore } from './life.ts'
import { record } from './record.ts'
import { requireEditor } from './rights.ts'
import { writtenPost } from './written.ts'

export const restorePostRoute: Route = (app, { clock, transact }) => {
  app.route({
    ...restorePost,
    handler: request => {
      const principal = request.requirePrincipal()
      return transact(request, async stores => {
        const before = await stores.posts.getForUpdate(request.params.id)
        requireEditor(before, principal)
        refuseStale(request.headers['if-match'], before)
        const after = restore(before, clock())
        await record(stores, before, after, principal.userId)
        return writtenPost(await stores.views.stamped(after.id))
      })
    },
  })
}
