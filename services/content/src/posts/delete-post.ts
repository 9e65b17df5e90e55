import { answer } from '@portico/chassis'
import { deletePost } from '@portico/contracts/content'
import type { Route } from '../context.ts'
import { requireCurrent } from './etag.ts'
import { trash } from './life.ts'
import { record } from './record.ts'
import { requireModerator } from './rights.ts'

export const deletePostRoute: Route = (app, { clock, transact }) => {
  app.route({
    ...deletePost,
    handler: request => {
      const principal = request.requirePrincipal()
      return transact(request, async stores => {
        const before = await stores.posts.getForUpdate(request.params.id)
        requireModerator(before, principal)
        requireCurrent(request.headers['if-match'], before)
        await record(stores, before, trash(before, clock()), principal.userId)
        return answer(null, { status: 204 })
      })
    },
  })
}
