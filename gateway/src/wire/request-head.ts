import { type Call, WireError } from './call.ts'
import { isToken, unfitForValue } from './field-grammar.ts'

const target = /^[\x21-\x7e\x80-\xff]+$/

/** The head of a request as text, in latin1. Throws a WireError for what cannot be written without changing its meaning. */
export function requestHead({ method, path, headers, body }: Call, host: string): string {
  if (!target.test(path) || !isToken.test(method)) throw unfit('request line')
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n`
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? ''
    const value = headers[index + 1] ?? ''
    if (unfitForValue.test(value) || !isName(name)) throw unfit(name)
    if (!framing.has(name)) head += `${name}: ${value}\r\n`
  }
  // RFC 9110, section 8.6: with a method that has no use for a body, none is said by saying nothing.
  if (body !== null || !bodiless.has(method)) head += `content-length: ${body?.length ?? 0}\r\n`
  return `${head}\r\n`
}

/** What says where the request goes and where it ends is written here alone. */
const framing: ReadonlySet<string> = new Set(['host', 'content-length', 'transfer-encoding', 'connection'])
const bodiless: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'DELETE'])

// The same few dozen names come again and again.
const namesSeen = new Set<string>()
const mostNames = 1_000

function isName(name: string): boolean {
  if (namesSeen.has(name)) return true
  if (!isToken.test(name)) return false
  if (namesSeen.size < mostNames) namesSeen.add(name)
  return true
}

const unfit = (what: string) => new WireError('BAD_REQUEST_FIELD', `${what} cannot be put into HTTP`)
