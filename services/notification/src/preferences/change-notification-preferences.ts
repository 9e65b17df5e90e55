import { changePreferences } from '@portico/contracts/notification'
import type { Route } from '../context.ts'

export const changePreferencesRoute: Route = (app, { transact }) => {
  app.route({
    ...changePreferences,
    handler: request => {
      const { userId } = request.requirePrincipal()
      return transact(request, ({ preferences }) => preferences.change(userId, request.body))
    },
  })
}
