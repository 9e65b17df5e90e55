import findMyWay from 'find-my-way'
import type { Route } from './route.ts'

/** Immutable: a change of contracts makes another and swaps it whole. */
export interface RouteTable {
  /** `path` without query. HEAD finds the route of GET. */
  find(method: string, path: string): Route | null
  /** The methods that exist for a path, for `Allow`; empty when the path has no route. */
  methodsOf(path: string): string[]
  readonly routes: readonly Route[]
  /** Routes that could not be taken in, and why. */
  readonly refused: readonly RefusedRoute[]
}

export interface RefusedRoute {
  readonly service: string
  readonly route: string
  readonly reason: string
}

const longestParameter = 2_048

export function createRouteTable(routes: readonly Route[], refusedBefore: readonly RefusedRoute[] = []): RouteTable {
  const routers = new Map<string, ReturnType<typeof newRouter>>()
  const taken: Route[] = []
  const refused = [...refusedBefore]
  for (const route of routes) {
    try {
      add(routers, route)
      taken.push(route)
    } catch (error) {
      refused.push({ service: route.service, route: route.name, reason: String(error) })
    }
  }

  const findIn = (method: string, path: string): Route | null => {
    const found = routers.get(method)?.find('GET', path)
    return found ? (found.store as Route) : null
  }
  return {
    routes: taken,
    refused,
    find: (method, path) => findIn(method, path) ?? (method === 'HEAD' ? findIn('GET', path) : null),
    methodsOf: path => {
      const methods = [...routers.keys()].filter(method => findIn(method, path) !== null)
      return methods.includes('GET') && !methods.includes('HEAD') ? [...methods, 'HEAD'].sort() : methods.sort()
    },
  }
}

// One tree a method, all under find-my-way's name for one method: contracts may use methods that it does not know.
function add(routers: Map<string, ReturnType<typeof newRouter>>, route: Route): void {
  const router = routers.get(route.method) ?? newRouter()
  router.on('GET', route.url, nothing, route)
  routers.set(route.method, router)
}

const newRouter = () => findMyWay({ maxParamLength: longestParameter, caseSensitive: true })
const nothing = () => undefined
