import { BadRequest, TargetTooLong } from '@portico/contracts'

/** What a request asks for, once it is certain that gateway and service read it the same way. */
export interface Target {
  /** Begins with `/`; percent-encoding is left as it came. */
  readonly path: string
  /** With its `?`, or empty. */
  readonly query: string
  /** The authority of an absolute-form target; null for the usual form. */
  readonly authority: string | null
}

const longestTarget = 8_192
const absolute = /^https?:\/\/([^/?#]*)(.*)$/i

/**
 * Reads the request target (RFC 9112, section 3.2) and refuses whatever two readers could take for two different paths:
 * dot segments, encoded slashes and backslashes, NUL, a fragment, a broken percent-encoding. Normalising them instead
 * would let the service see another path than the one whose policy was checked.
 */
export function readTarget(method: string, text: string): Target {
  if (text.length > longestTarget) throw TargetTooLong()
  if (text.charCodeAt(0) === slash) return split(text, null)
  if (text === '*' && method === 'OPTIONS') return { path: '*', query: '', authority: null }
  const [, authority, rest = ''] = absolute.exec(text) ?? []
  if (!authority) throw BadRequest({ detail: 'The request target is neither a path nor an absolute address.' })
  return split(rest.startsWith('/') ? rest : `/${rest}`, authority)
}

const slash = 0x2f
const percent = 0x25
const dot = 0x2e
const question = 0x3f

function split(text: string, authority: string | null): Target {
  let pathEnd = text.length
  let suspicious = false
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code <= 0x20 || code >= 0x7f || code === 0x23) throw malformed('holds a character that must be encoded')
    if (code === question && pathEnd === text.length) pathEnd = index
    else if (pathEnd === text.length && (code === percent || code === dot || code === 0x5c)) suspicious = true
  }
  const path = pathEnd === text.length ? text : text.slice(0, pathEnd)
  if (path.charCodeAt(1) === slash) throw malformed('begins with two slashes')
  if (suspicious) checkPath(path)
  return { path, query: pathEnd === text.length ? '' : text.slice(pathEnd), authority }
}

const brokenEncoding = /%(?![0-9a-f]{2})/i
const forbiddenEncoding = /%(?:00|2f|5c)/i
const dotSegment = /\/(?:\.|%2e){1,2}(?:\/|$)/i

function checkPath(path: string): void {
  if (path.includes('\\')) throw malformed('holds a backslash')
  if (brokenEncoding.test(path)) throw malformed('is not validly percent-encoded')
  if (forbiddenEncoding.test(path)) throw malformed('holds an encoded slash, backslash or NUL')
  if (dotSegment.test(path)) throw malformed('holds a dot segment')
  if (path.includes('%') && !isUtf8(path)) throw malformed('is not UTF-8')
}

function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}

const malformed = (what: string) => BadRequest({ detail: `The path ${what}.` })
