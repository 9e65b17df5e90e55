import type { Route } from '../context.ts'
import { createPostRoute } from './create-post.ts'
import { deletePostRoute } from './delete-post.ts'
import { editPostRoute } from './edit-post.ts'
import { getPostRoute } from './get-post.ts'
import { listOwnPostsRoute } from './list-own-posts.ts'
import { listPostsRoute } from './list-posts.ts'
import { publishPostRoute } from './publish-post.ts'
import { restorePostRoute } from './restore-post.ts'
import { schedulePostRoute } from './schedule-post.ts'
import { unpublishPostRoute } from './unpublish-post.ts'

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
