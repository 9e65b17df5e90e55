import type { OperationDocument, Policy, Role } from '@portico/contracts'
import type { Supports, Upstream } from '../balancing/upstream.ts'

/** One route of one service with all that a request needs of it, worked out once when contracts change. */
export interface Route {
  readonly service: string
  readonly id: string
  readonly method: string
  readonly url: string
  /** The span's and the metrics' name: `GET /v1/posts/:id`. */
  readonly name: string
  readonly policy: Policy
  readonly upstream: Upstream
  /** One function a route: what the balancer keeps is kept by it. */
  readonly supports: Supports
  /** Null: no role is asked for. */
  readonly rolesAllowed: ReadonlySet<Role> | null
  readonly unsafe: boolean
  /** Span attributes that are the same for every request. */
  readonly attributes: Readonly<Record<string, string>>
}

const everyReplica = () => true
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

export interface RouteSource {
  service: string
  upstream: Upstream
  operation: OperationDocument
  /** The contracts that have the route; null when every live one does. */
  digests: ReadonlySet<string> | null
}

export function createRoute({ service, upstream, operation, digests }: RouteSource): Route {
  const { id, method, url, policy } = operation
  return {
    service,
    id,
    method,
    url,
    name: `${method} ${url}`,
    policy,
    upstream,
    supports: digests === null ? everyReplica : replica => digests.has(replica.contractDigest),
    rolesAllowed: Array.isArray(policy.access) ? new Set(policy.access) : null,
    unsafe: !safeMethods.has(method),
    attributes: { 'http.route': url, 'portico.service': service, 'portico.operation': id },
  }
}

/** What two routes must not share: the method and the pattern without the names of its parameters. */
export function shapeOf(method: string, url: string): string {
  return `${method} ${url.replace(/:[A-Za-z0-9_]+/g, ':')}`
}
