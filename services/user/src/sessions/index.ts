import type { Route } from '../context.ts'
import { endOtherSessionsRoute } from './end-other-sessions.ts'
import { endSessionRoute } from './end-session.ts'
import { exchangeSessionRoute } from './exchange-session.ts'
import { listSessionsRoute } from './list-sessions.ts'
import { refreshSessionRoute } from './refresh-session.ts'
import { signInRoute } from './sign-in.ts'

/** Who is signed in, where, and until when. */
export const sessions: Route = (app, context) => {
  signInRoute(app, context)
  refreshSessionRoute(app, context)
  listSessionsRoute(app, context)
  endSessionRoute(app, context)
  endOtherSessionsRoute(app, context)
  exchangeSessionRoute(app, context)
}
