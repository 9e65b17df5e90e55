import type { IncomingHttpHeaders } from 'node:http'
import { isToken, trimmed, unfitForValue } from '../wire/field-grammar.ts'

/** The head of a request that can be read one way only. */
export interface RequestHead {
  readonly method: 'GET' | 'HEAD'
  /** Begins with `/`. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** Flat; names in lower case. */
  readonly rawHeaders: string[]
  /** How many bytes it took. */
  readonly bytes: number
}

export interface HeadLimits {
  readonly headerBytes: number
  readonly headerCount: number
}

const requestLine = /^(GET|HEAD) (\/[!"$-~]*) HTTP\/1\.1\r\n/
const isHost = /^(?:[a-z0-9\-._]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/i

/** What says that a body follows, that the connection is to become another, or that the two ends are to agree first. */
const notPlain: ReadonlySet<string> = new Set([
  'content-length',
  'transfer-encoding',
  'trailer',
  'te',
  'expect',
  'upgrade',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
])

/**
 * Reads a plain request: GET or HEAD in HTTP/1.1, without a body, whole, no field twice, one Host. Null is no refusal: it
 * says that Node's own parser is to read this, and decide. So nothing here has to be lenient, and two readers can
 * never take what is accepted for two different things.
 *
 * @param text the bytes as latin1, as many as have come
 */
export function readPlainHead(text: string, { headerBytes, headerCount }: HeadLimits): RequestHead | null {
  const [line, method, url] = requestLine.exec(text) ?? []
  if (line === undefined || url === undefined) return null
  const headers: IncomingHttpHeaders = {}
  const rawHeaders: string[] = []
  for (let at = line.length; ; ) {
    const end = text.indexOf('\r\n', at)
    if (end < 0 || end > headerBytes) return null
    if (end === at) {
      const isWhole = isHost.test(headers.host ?? '')
      return isWhole ? { method: method === 'GET' ? 'GET' : 'HEAD', url, headers, rawHeaders, bytes: end + 2 } : null
    }
    const colon = text.indexOf(':', at)
    if (colon < 0 || colon >= end || rawHeaders.length >= 2 * headerCount) return null
    const rawName = text.slice(at, colon)
    const value = trimmed(text, colon + 1, end)
    if (!isToken.test(rawName) || unfitForValue.test(value)) return null
    const name = rawName.toLowerCase()
    // Also what every object has by birth: `constructor` and the like.
    if (headers[name] !== undefined || notPlain.has(name)) return null
    if (name === 'connection' && value.toLowerCase() !== 'keep-alive') return null
    headers[name] = value
    rawHeaders.push(name, value)
    at = end + 2
  }
}
