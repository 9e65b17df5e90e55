import { hash } from 'node:crypto'
import type { Peer } from './client-address.ts'
import { SessionsUnavailable } from './errors.ts'
import type { RateLimiter } from './rate-limit.ts'
import type { Sessions } from './session-cache.ts'
import type { Visit } from './visit.ts'

const longestToken = 4_096
const cookieNames = { https: '__Host-session', http: 'portico_session' } as const

/** The session's secret as the client sent it: a bearer token, else the cookie that fits the scheme. Null: none. */
export function credentialOf(visit: Visit): string | null {
  const { authorization, cookie } = visit.request.headers
  if (authorization !== undefined) {
    visit.credential = 'bearer'
    return /^bearer /i.test(authorization) ? authorization.slice(7).trim() : ''
  }
  const token =
    cookie === undefined ? null : cookieNamed(cookie, cookieNames[visit.scheme === 'https' ? 'https' : 'http'])
  if (token !== null) visit.credential = 'cookie'
  return token
}

/** RFC 6265bis, section 5.7: of two with one name the first counts, and no name is a prefix of another's pair. */
export function cookieNamed(header: string, name: string): string | null {
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=')
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim()
  }
  return null
}

/** SHA-256 of the secret: what is kept by it gives no session away. */
function keyOf(peer: Peer, token: string): string {
  if (peer.lastToken === token) return peer.lastKey
  peer.lastToken = token
  peer.lastKey = hash('sha256', token, 'base64')
  return peer.lastKey
}

/**
 * Finds out who asks. A session that is not (or no longer) one is no principal: the route's policy decides what that
 * means. When nobody can tell, the request fails with 503: to go on as a stranger would show the wrong answer.
 */
export function authenticate(
  visit: Visit,
  sessions: Sessions,
  limiter: Pick<RateLimiter, 'refuseGuesser' | 'countGuess'> | null,
): Promise<void> | undefined {
  const token = credentialOf(visit)
  if (token === null || token === '' || token.length > longestToken) return undefined
  const key = keyOf(visit.peer, token)
  visit.sessionKey = key
  visit.sessionToken = token
  const known = sessions.known(key)
  if (known !== undefined) {
    if (known !== null) {
      visit.principal = known.principal
      visit.internalToken = known.internalToken
    }
    return undefined
  }
  limiter?.refuseGuesser(visit)
  return sessions.exchange(key, token, visit).then(session => {
    if (session === null) {
      limiter?.countGuess(visit)
      return
    }
    visit.principal = session.principal
    visit.internalToken = session.internalToken
  })
}

export const unavailable = (cause?: unknown) => SessionsUnavailable({ headers: { 'retry-after': '1' }, cause })
