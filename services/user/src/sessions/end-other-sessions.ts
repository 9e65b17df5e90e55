import { noContent } from '@portico/chassis'
import { endOtherSessions } from '@portico/contracts/user'
import type { Route } from '../context.ts'

export const endOtherSessionsRoute: Route = (app, { clock, transact }) => {
  app.route({
    ...endOtherSessions,
    handler: request =>
      transact(request, async ({ sessions, revoke }) => {
        const { userId, sessionId } = request.requirePrincipal()
        await revoke(userId, await sessions.removeOthers(userId, sessionId), clock())
        return noContent()
      }),
  })
}
