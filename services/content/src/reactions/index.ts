import type { Route } from '../context.ts'
import { addReactionRoute } from './add-reaction.ts'
import { removeReactionRoute } from './remove-reaction.ts'

export const reactions: Route = (app, context) => {
  addReactionRoute(app, context)
  removeReactionRoute(app, context)
}
