import type { Route } from '../context.ts'
import { createCommentRoute } from './create.ts'
import { deleteCommentRoute } from './delete.ts'
import { editCommentRoute } from './edit.ts'
import { listCommentsRoute } from './list.ts'

export const comments: Route = (app, context) => {
  listCommentsRoute(app, context)
  createCommentRoute(app, context)
  editCommentRoute(app, context)
  deleteCommentRoute(app, context)
}
