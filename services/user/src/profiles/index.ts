import type { Route } from '../context.ts'
import { followUserRoute } from './follow-user.ts'
import { getUserRoute } from './get-user.ts'
import { listFollowersRoute, listFollowingRoute } from './list-follows.ts'
import { unfollowUserRoute } from './unfollow-user.ts'

/** What everyone may see of a person, and who follows whom. */
export const profiles: Route = (app, context) => {
  getUserRoute(app, context)
  followUserRoute(app, context)
  unfollowUserRoute(app, context)
  listFollowersRoute(app, context)
  listFollowingRoute(app, context)
}
