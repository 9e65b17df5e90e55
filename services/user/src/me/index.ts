import type { Route } from '../context.ts'
import { changeMeRoute } from './change-me.ts'
import { deleteMeRoute } from './delete-me.ts'
import { getMeRoute } from './get-me.ts'

/** The own account. */
export const me: Route = (app, context) => {
  getMeRoute(app, context)
  changeMeRoute(app, context)
  deleteMeRoute(app, context)
}
