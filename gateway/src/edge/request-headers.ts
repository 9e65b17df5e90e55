import { internalHeaders } from '@portico/contracts'
import type { Visit } from './visit.ts'

// What never goes on to a service: fields that are about this connection (RFC 9110, section 7.6.1), credentials that
// were exchanged here, what the gateway says itself, and what other proxies are known to believe.
const dropped: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
  'host',
  'authorization',
  'cookie',
  'set-cookie',
  'forwarded',
  'via',
  'traceparent',
  'tracestate',
  'baggage',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'x-request-id',
  'x-original-url',
  'x-rewrite-url',
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  ...Object.values(internalHeaders),
])

const isDropped = (name: string): boolean =>
  dropped.has(name) ||
  name.charCodeAt(0) === 0x3a /* an HTTP/2 pseudo field */ ||
  name.startsWith('x-forwarded') ||
  name.startsWith('portico-') ||
  // Whoever makes variables of fields (CGI, WSGI) takes `portico_client_address` for the one with dashes.
  (name.includes('_') && isDropped(name.replaceAll('_', '-')))

/** The fields that go upstream: the client's, without those above and those that `Connection` names, and the gateway's. */
export function upstreamHeaders(visit: Visit): string[] {
  const { headers } = visit.request
  const named = namedByConnection(headers.connection)
  const list: string[] = []
  for (const name in headers) {
    if (isDropped(name) || named?.has(name)) continue
    const value = headers[name]
    if (typeof value === 'string') list.push(name, value)
    else if (value !== undefined) list.push(name, value.join(', '))
  }
  addOwn(visit, list)
  return list
}

function addOwn(visit: Visit, list: string[]): void {
  const { clientAddress, host, scheme, traceId, internalToken } = visit
  list.push(
    'via',
    '1.1 portico',
    'forwarded',
    forwarded(clientAddress, host, scheme),
    'x-forwarded-for',
    clientAddress,
    'x-forwarded-proto',
    scheme,
    'x-forwarded-host',
    host,
    internalHeaders.requestId,
    traceId,
    internalHeaders.clientAddress,
    clientAddress,
  )
  if (internalToken !== '') list.push(internalHeaders.authorization, `Bearer ${internalToken}`)
}

/** RFC 7239. Nothing of a `Forwarded` that came in is kept: one element, the client as we found it. */
function forwarded(address: string, host: string, scheme: string): string {
  const node = address.includes(':') ? `"[${address}]"` : address
  return host === '' ? `for=${node};proto=${scheme}` : `for=${node};host="${host}";proto=${scheme}`
}

/** What `Connection` names: fields that end here. Null: nothing unusual. */
export function namedByConnection(connection: string | undefined): Set<string> | null {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return null
  const names = connection.toLowerCase().split(',')
  return new Set(names.map(name => name.trim()))
}
