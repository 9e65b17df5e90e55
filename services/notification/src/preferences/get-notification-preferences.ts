import { getPreferences } from '@portico/contracts/notification'
import type { Route } from '../context.ts'

export const getPreferencesRoute: Route = (app, { reads }) => {
  app.route({ ...getPreferences, handler: request => reads.preferences.get(request.requirePrincipal().userId) })
}
