import { pageAnswer } from '@portico/chassis'
import { pageLimit } from '@portico/contracts'
import { listSessions } from '@portico/contracts/user'
import type { Route } from '../context.ts'
import { toShown } from './session.ts'

export const listSessionsRoute: Route = (app, { clock, reads }) => {
  app.route({
    ...listSessions,
    handler: async request => {
      const { userId, sessionId } = request.requirePrincipal()
      const { limit = pageLimit.default, cursor } = request.query
      const { items, nextCursor } = await reads.sessions.list(userId, { limit, cursor }, clock())
      return pageAnswer(request, { items: items.map(session => toShown(session, sessionId)), nextCursor })
    },
  })
}
