import { OriginNotAllowed } from '@portico/contracts'
import type { Origins } from './cors.ts'
import type { Visit } from './visit.ts'

/**
 * A browser attaches the cookie to whatever any page makes it send. So an unsafe request with a cookie must come from an
 * origin we know, by what the browser says of itself and a page cannot change: Fetch Metadata, else `Origin`. A request
 * with neither is not from a browser of this decade; nothing attached its cookie but its own code.
 *
 * A WebSocket's handshake is a GET with effects, and CORS does not apply to it: it is checked as well.
 */
export function checkOrigin(visit: Visit, origins: Origins): void {
  const { credential, route, request } = visit
  if (credential !== 'cookie' || route === null) return
  if (!route.unsafe && route.policy.flow !== 'websocket') return
  const origin = request.headers.origin
  if (origin !== undefined) {
    if (origin === `${visit.scheme}://${visit.host}` || origins.has(origin)) return
    throw OriginNotAllowed()
  }
  const site = request.headers['sec-fetch-site']
  if (site === undefined || site === 'same-origin' || site === 'none') return
  throw OriginNotAllowed()
}
