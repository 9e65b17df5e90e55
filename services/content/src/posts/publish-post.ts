import { publishPost } from '@portico/contracts/content'
import type { Route } from '../context.ts'
import { publish } from './life.ts'
import { requireEditor, requireImporter } from './rights.ts'
import { turn } from './turn.ts'

export const publishPostRoute: Route = (app, { clock, transact }) => {
  app.route({
    ...publishPost,
    handler: request => {
      const principal = request.requirePrincipal()
      const { publishedAt } = request.body ?? {}
      requireImporter({ publishedAt }, principal)
      const asOf = publishedAt === undefined ? undefined : new Date(publishedAt)
      return transact(request, stores =>
        turn(stores, {
          id: request.params.id,
          principal,
          ifMatch: request.headers['if-match'],
          may: requireEditor,
          rule: post => publish(post, clock(), asOf),
        }),
      )
    },
  })
}
