import type { Route } from '../context.ts'
import { listTagsRoute } from './list-tags.ts'

export const tags: Route = (app, context) => {
  listTagsRoute(app, context)
}
