import { unpublishPost } from '@portico/contracts/content'
import type { Route } from '../context.ts'
import { unpublish } from './life.ts'
import { requireModerator } from './rights.ts'
import { turn } from './turn.ts'

export const unpublishPostRoute: Route = (app, { clock, transact }) => {
  app.route({
    ...unpublishPost,
    handler: request => {
      const principal = request.requirePrincipal()
      return transact(request, stores =>
        turn(stores, {
          id: request.params.id,
          principal,
          ifMatch: request.headers['if-match'],
          may: requireModerator,
          rule: post => unpublish(post, clock()),
        }),
      )
    },
  })
}
