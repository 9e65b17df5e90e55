import type { Route } from '../context.ts'
import { createCommentRoute } from './create-comment.ts'
import { deleteCommentRoute } from './delete-comment.ts'
import { editCommentRoute } from './edit-comment.ts'
import { listCommentsRoute } from './list-comments.ts'

export const comments: Route = (app, context) => {
  listCommentsRoute(app, context)
  createCommentRoute(app, context)
  editCommentRoute(app, context)
  deleteCommentRoute(app, context)
}
