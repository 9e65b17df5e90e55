import { schedulePost } from '@portico/contracts/content'
import type { Route } from '../context.ts'
import { refuseStale } from './etag.ts'
import { instantOf } from './instant.ts'
import { schedule } from './life.ts'
import { record } from './record.ts'
import { requireEditor } from './rights.ts'
import { writtenPost } from './written.ts'

export const schedulePostRoute: Route = (app, { clock, transact }) => {
  app.route({
    ...schedulePost,
    handler: request => {
      const principal = request.requirePrincipal()
      const publishAt = instantOf(request.body.publishAt, 'publishAt')
      return transact(request, async stores => {
        const before = await stores.posts.getForUpdate(request.params.id)
        requireEditor(before, principal)
        refuseStale(request.headers['if-match'], before)
        const after = schedule(before, publishAt, clock())
        await record(stores, before, after, principal.userId)
        return writtenPost(await stores.views.stamped(after.id))
      })
    },
  })
}
