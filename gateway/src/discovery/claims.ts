import { type RouteSource, shapeOf } from './route.ts'
import type { RefusedRoute } from './route-table.ts'

/** Paths that the gateway answers itself. */
export const ownPaths = ['/openapi.json', '/docs', '/healthz', '/readyz', '/metrics', '/contract.json'] as const

const isOwn = (url: string) => ownPaths.some(path => url === path || url.startsWith(`${path}/`))

/** Who holds which route. The first that claims one keeps it for as long as it is known; another's claim is refused. */
export interface Claims {
  settle(sources: readonly RouteSource[]): { granted: RouteSource[]; refused: RefusedRoute[] }
}

export function createClaims(): Claims {
  let holders = new Map<string, string>()
  return {
    settle(sources) {
      const next = new Map<string, string>()
      const granted: RouteSource[] = []
      const refused: RefusedRoute[] = []
      const claim = (source: RouteSource) => {
        const { method, url } = source.operation
        const shape = shapeOf(method, url)
        const holder = next.get(shape)
        const route = `${method} ${url}`
        if (isOwn(url)) refused.push({ service: source.service, route, reason: 'the gateway answers this path itself' })
        else if (holder !== undefined) refused.push({ service: source.service, route, reason: `held by ${holder}` })
        else {
          next.set(shape, source.service)
          granted.push(source)
        }
      }
      const holds = ({ service, operation }: RouteSource) =>
        holders.get(shapeOf(operation.method, operation.url)) === service
      for (const source of sources) if (holds(source)) claim(source)
      for (const source of sources) if (!holds(source)) claim(source)
      holders = next
      return { granted, refused }
    },
  }
}
