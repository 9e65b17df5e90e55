import { schedulePost } from '@portico/contracts/content'
import type { Route } from '../context.ts'
import { schedule } from './life.ts'
import { requireEditor } from './rights.ts'
import { turn } from './turn.ts'

export const schedulePostRoute: Route = (app, { clock, transact }) => {
  app.route({
    ...schedulePost,
    handler: request => {
      const principal = request.requirePrincipal()
      const publishAt = new Date(request.body.publishAt)
      return transact(request, stores =>
        turn(stores, {
          id: request.params.id,
          principal,
          ifMatch: request.headers['if-match'],
          may: requireEditor,
          rule: post => schedule(post, publishAt, clock()),
        }),
      )
    },
  })
}
