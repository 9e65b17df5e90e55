import type { Route } from '../context.ts'
import { addReactionRoute } from './add.ts'
import { removeReactionRoute } from './remove.ts'

export const reactions: Route = (app, context) => {
  addReactionRoute(app, context)
  removeReactionRoute(app, context)
}
