import type { Route } from '../context.ts'
import { signUpRoute } from './sign-up.ts'
import { verifyAccountRoute } from './verify-account.ts'

/** From a stranger's wish to a live account. */
export const accounts: Route = (app, context) => {
  signUpRoute(app, context)
  verifyAccountRoute(app, context)
}
