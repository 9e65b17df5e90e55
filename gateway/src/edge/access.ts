import { Forbidden, MethodNotAllowed, NotSignedIn, RouteNotFound } from '@portico/contracts'
import { mayCall } from '@portico/identity'
import type { RouteTable } from '../discovery/route-table.ts'
import type { Visit } from './visit.ts'

/** Whether the route exists, and why not. */
export function requireRoute(visit: Visit, table: RouteTable): void {
  if (visit.route !== null) return
  const methods = table.methodsOf(visit.target.path)
  if (methods.length > 0) throw MethodNotAllowed({ headers: { allow: methods.join(', ') } })
  throw RouteNotFound()
}

/** Whether the route's policy lets this principal call it. The service asks the same again. */
export function checkAccess({ route, principal, credential }: Visit): void {
  if (route === null) return
  const { access } = route.policy
  if (access === 'public') return
  const answer = mayCall(access, principal)
  if (answer === 'yes') return
  if (answer === 'forbidden') throw Forbidden()
  const challenge = credential === 'none' ? 'Bearer' : 'Bearer error="invalid_token"'
  throw NotSignedIn({ headers: { 'www-authenticate': challenge } })
}
