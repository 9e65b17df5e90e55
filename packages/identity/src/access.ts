import type { Access } from '@portico/contracts'
import type { Principal } from './principal.ts'

/**
 * Whether a principal may make a call with this access: at the gateway, and again in the service.
 * `internal` is nobody's from outside, so it is `forbidden` here; a service does not ask for its internal routes.
 */
export function mayCall(access: Access, principal: Principal | null): 'yes' | 'sign-in' | 'forbidden' {
  if (access === 'public') return 'yes'
  if (access === 'internal') return 'forbidden'
  if (principal === null) return 'sign-in'
  if (access === 'signed-in') return 'yes'
  return access.includes(principal.role) ? 'yes' : 'forbidden'
}
