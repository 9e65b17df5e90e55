import { publishPost } from '@portico/contracts/content'
import type { Route } from '../context.ts'
import { refuseStale } from './etag.ts'
import { instantOf } from './instant.ts'
import { publish } from './life.ts'
import { record } from './record.ts'
import { requireEditor, requireImporter } from './rights.ts'
import { writtenPost } from './written.ts'

export const publishPostRoute: Route = (app, { clock, transact }) => {
  app.route({
    ...publishPost,
    handler: request => {
      const principal = request.requirePrincipal()
      const { publishedAt } = request.body ?? {}
      requireImporter({ publishedAt }, principal)
      const asOf = publishedAt === undefined ? undefined : instantOf(publishedAt, 'publishedAt')

      return transact(request, async stores => {
        const before = await stores.posts.getForUpdate(request.params.id)
        requireEditor(before, principal)
        refuseStale(request.headers['if-match'], before)
        const after = publish(before, clock(), asOf)
        await record(stores, before, after, principal.userId)
        return writtenPost(await stores.views.stamped(after.id))
      })
    },
  })
}
