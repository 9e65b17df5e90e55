import { IncomingMessage } from 'node:http'
import { BadRequest, ExpectationFailed, HeadersTooLarge } from '@portico/contracts'
import { CodingNotSupported, VersionNotSupported } from './errors.ts'

/**
 * What Node's parser lets through and two servers could read differently: where a request ends, and whom it is for.
 * Throws; the connection must be closed after the answer.
 */
export function checkFraming(request: IncomingMessage, mostHeaders: number): void {
  const { rawHeaders, headers, httpVersionMajor, httpVersionMinor } = request
  if (rawHeaders.length > mostHeaders * 2) throw HeadersTooLarge({ detail: `At most ${mostHeaders} fields are taken.` })
  // HTTP/2 has requests of its own class; `HTTP/2.0` in a request line is none.
  if (request instanceof IncomingMessage) checkVersionOne(rawHeaders, httpVersionMajor, httpVersionMinor, headers)
  const expect = headers.expect
  // Node takes `y 100-continue` for `100-continue`.
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') throw ExpectationFailed()
}

function checkVersionOne(
  rawHeaders: readonly string[],
  major: number,
  minor: number,
  headers: IncomingMessage['headers'],
): void {
  if (major !== 1 || minor > 1) throw VersionNotSupported()
  const coding = headers['transfer-encoding']
  if (coding !== undefined) {
    // RFC 9112, section 6.1: a 1.0 message with Transfer-Encoding has faulty framing.
    if (minor === 0) throw BadRequest({ detail: 'HTTP/1.0 has no Transfer-Encoding.' })
    if (headers['content-length'] !== undefined) throw BadRequest({ detail: 'Two lengths for one body.' })
    if (coding.toLowerCase() !== 'chunked') throw CodingNotSupported()
  }
  // RFC 9112, section 3.2: a request with more than one Host is answered with 400.
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  if (hosts > 1) throw BadRequest({ detail: 'Host is there more than once.' })
  if (hosts === 0 && minor === 1) throw BadRequest({ detail: 'Host is missing.' })
  if (hosts === 1 && !authority.test(headers.host ?? '')) throw BadRequest({ detail: 'Host is not an authority.' })
}

const authority = /^(?:[a-z0-9\-._~!$&'()*+,;=%]*|\[[0-9a-f:.]+\])(?::[0-9]{0,5})?$/i

/** A target in absolute form names the host a second time: the two must agree. */
export function checkAuthority(target: { authority: string | null }, host: string): void {
  if (target.authority !== null && target.authority.toLowerCase() !== host.toLowerCase()) {
    throw BadRequest({ detail: 'The request target names another host than Host does.' })
  }
}
