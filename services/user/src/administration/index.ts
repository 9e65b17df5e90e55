import type { Route } from '../context.ts'
import { changeUserRoute } from './change-user.ts'
import { findUsersRoute } from './find-users.ts'
import { listAuditRoute, verifyAuditRoute } from './read-audit.ts'

/** What administrators and the operator may see and change of others. */
export const administration: Route = (app, context) => {
  findUsersRoute(app, context)
  changeUserRoute(app, context)
  listAuditRoute(app, context)
  verifyAuditRoute(app, context)
}
