import type { Route } from '../context.ts'
import { createPostRoute } from './create.ts'
import { deletePostRoute } from './delete.ts'
import { editPostRoute } from './edit.ts'
import { getPostRoute } from './get.ts'
import { listPostsRoute } from './list.ts'
import { listOwnPostsRoute } from './list-own.ts'
import { publishPostRoute } from './publish.ts'
import { restorePostRoute } from './restore.ts'
import { schedulePostRoute } from './schedule.ts'
import { unpublishPostRoute } from './unpublish.ts'

export const posts: Route = (app, context) => {
  createPostRoute(app, context)
  listPostsRoute(app, context)
  listOwnPostsRoute(app, context)
  getPostRoute(app, context)
  editPostRoute(app, context)
  deletePostRoute(app, context)
  publishPostRoute(app, context)
  unpublishPostRoute(app, context)
  schedulePostRoute(app, context)
  restorePostRoute(app, context)
}
