import type { Forwarder } from '../forward/target.ts'
import type { Visit } from './visit.ts'

/**
 * Refuses at once what the service could not take: before the session is exchanged, the request counted and its headers
 * written anew, since in an overload refusing is most of the work. What a cache may answer goes on; the forwarder asks
 * again when it comes to that.
 */
export function shed({ route, upgrade }: Visit, forwarder: Pick<Forwarder, 'refusal'>): void {
  if (route === null || route.policy.cache !== null || upgrade !== null) return
  const refusal = forwarder.refusal(route.upstream, route.policy.flow)
  if (refusal !== null) throw refusal
}
