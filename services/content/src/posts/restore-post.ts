import { restorePost } from '@portico/contracts/content'
import type { Route } from '../context.ts'
import { restore } from './life.ts'
import { requireEditor } from './rights.ts'
import { turn } from './turn.ts'

export const restorePostRoute: Route = (app, { clock, transact }) => {
  app.route({
    ...restorePost,
    handler: request => {
      const principal = request.requirePrincipal()
      return transact(request, stores =>
        turn(stores, {
          id: request.params.id,
          principal,
          ifMatch: request.headers['if-match'],
          may: requireEditor,
          rule: post => restore(post, clock()),
        }),
      )
    },
  })
}
