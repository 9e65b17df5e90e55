import type { RouteTable } from '../discovery/route-table.ts'
import type { PlainAnswer } from './plain-answer.ts'
import type { Visit } from './visit.ts'

/** The origins whose pages may call with cookies and read answers: the public one and those of configuration. */
export type Origins = ReadonlySet<string>

const preflightSeconds = 7_200
const exposed = [
  'ETag',
  'Link',
  'Location',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'Server-Timing',
  'X-Request-Id',
  'Content-Disposition',
  'Idempotent-Replayed',
  'Upload-Offset',
  'Tus-Resumable',
].join(', ')

/** Marks an answer as readable by the page that asked, when its origin is allowed (Fetch standard, CORS protocol). */
export function allowOrigin(visit: Visit, origins: Origins): void {
  const origin = visit.request.headers.origin
  if (origin === undefined || !origins.has(origin)) return
  visit.answerHeaders.push(
    'access-control-allow-origin',
    origin,
    'access-control-allow-credentials',
    'true',
    'access-control-expose-headers',
    exposed,
  )
}

/** A browser asks for a page's leave; the service behind has no say in it. */
export const isPreflight = ({ request: { headers } }: Visit) =>
  headers.origin !== undefined && headers['access-control-request-method'] !== undefined

/**
 * The answer to OPTIONS: a preflight's, when a page asks whether it may; else what the path has. Null when the path has
 * no route.
 */
export function answerOptions(visit: Visit, table: RouteTable, origins: Origins): PlainAnswer | null {
  const methods = visit.target.path === '*' ? ['GET'] : table.methodsOf(visit.target.path)
  if (methods.length === 0) return null
  const allow = [...new Set([...methods, 'OPTIONS'])].sort().join(', ')
  const { origin, 'access-control-request-method': method } = visit.request.headers
  const headers = ['allow', allow, 'vary', 'origin, access-control-request-method, access-control-request-headers']
  if (origin !== undefined && method !== undefined && origins.has(origin)) {
    headers.push(
      'access-control-allow-methods',
      allow,
      'access-control-allow-headers',
      fieldNames(visit.request.headers['access-control-request-headers']),
      'access-control-max-age',
      String(preflightSeconds),
    )
  }
  return { status: 204, headers }
}

// With credentials `*` is a literal name, so what is asked for is named: any field a page can set at all may be sent.
function fieldNames(asked: string | undefined): string {
  return asked !== undefined && /^[A-Za-z0-9,\- ]{1,1024}$/.test(asked) ? asked : 'content-type'
}
