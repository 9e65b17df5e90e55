import { noContent } from '@portico/chassis'
import { endSession, SessionNotFound } from '@portico/contracts/user'
import type { Route } from '../context.ts'

export const endSessionRoute: Route = (app, { clock, transact, cookie }) => {
  app.route({
    ...endSession,
    handler: request =>
      transact(request, async ({ sessions, revoke }) => {
        const { userId, sessionId } = request.requirePrincipal()
        const id = request.params.id === 'current' ? sessionId : request.params.id
        if (!(await sessions.remove(id, userId))) throw SessionNotFound()
        await revoke(userId, [id], clock())
        return noContent(id === sessionId ? { 'set-cookie': cookie.clear() } : {})
      }),
  })
}
