import { markAllRead } from '@portico/contracts/notification'
import type { Route } from '../context.ts'

export const markAllReadRoute: Route = (app, { transact, clock }) => {
  app.route({
    ...markAllRead,
    handler: request => {
      const { userId } = request.requirePrincipal()
      return transact(request, async ({ notices }) => ({ marked: await notices.markAllRead(userId, clock()) }))
    },
  })
}
