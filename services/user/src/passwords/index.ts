import type { Route } from '../context.ts'
import { changePasswordRoute } from './change-password.ts'
import { confirmPasswordResetRoute } from './confirm-reset.ts'
import { requestPasswordResetRoute } from './request-reset.ts'

/** A new password, with the old one or with a mail. */
export const passwords: Route = (app, context) => {
  changePasswordRoute(app, context)
  requestPasswordResetRoute(app, context)
  confirmPasswordResetRoute(app, context)
}
