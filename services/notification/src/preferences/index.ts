import type { Route } from '../context.ts'
import { changePreferencesRoute } from './change-notification-preferences.ts'
import { getPreferencesRoute } from './get-notification-preferences.ts'

export const preferences: Route = (app, context) => {
  getPreferencesRoute(app, context)
  changePreferencesRoute(app, context)
}
