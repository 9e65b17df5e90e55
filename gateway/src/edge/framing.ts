import { IncomingMessage } from 'node:http'
import { Http2ServerRequest } from 'node:http2'
import { BadRequest, ExpectationFailed, HeadersTooLarge } from '@portico/contracts'
import { CodingNotSupported, VersionNotSupported } from './errors.ts'
import type { Limits } from './limits.ts'

/**
 * What Node's parser lets through and two servers could read differently: where a request ends, and whom it is for.
 * Throws; the connection must be closed after the answer.
 */
export function checkFraming(request: IncomingMessage | Http2ServerRequest, limits: HeadLimits): void {
  // By its class: `HTTP/2.0` can be written into a request line. The front's own requests are of neither, and read strictly.
  if (request instanceof IncomingMessage) checkVersionOne(request, limits)
  else if (request instanceof Http2ServerRequest) checkVersionTwo(request, limits)
  const { expect } = request.headers
  // Node takes `y 100-continue` for `100-continue`.
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') throw ExpectationFailed()
}

type HeadLimits = Pick<Limits, 'headerBytes' | 'headerCount'>

function checkVersionOne(
  { rawHeaders, headers, httpVersionMajor: major, httpVersionMinor: minor }: IncomingMessage,
  { headerCount }: HeadLimits,
): void {
  if (rawHeaders.length > headerCount * 2) throw tooMany(headerCount)
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

/**
 * nghttp2 keeps to neither limit in time: the one of bytes it knows only once the client has acknowledged it, which a
 * client need not ever do, and what is over the number it resets without a word.
 */
function checkVersionTwo({ rawHeaders, headers }: Http2ServerRequest, { headerBytes, headerCount }: HeadLimits): void {
  let count = 0
  let bytes = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    // The request line is written as fields, and each cookie may be (RFC 9113, section 8.2.3).
    if (name !== 'cookie' && !name.startsWith(':')) count += 1
    bytes += name.length + (rawHeaders[index + 1]?.length ?? 0)
  }
  if (count > headerCount) throw tooMany(headerCount)
  if (bytes > headerBytes) throw HeadersTooLarge()
  const { host, ':authority': named } = headers
  if (!authority.test(named ?? host ?? '')) throw BadRequest({ detail: 'The authority is none.' })
  // RFC 9113, section 8.3.1: a Host that names another than `:authority` does is malformed.
  if (host !== undefined && named !== undefined && host.toLowerCase() !== named.toLowerCase()) {
    throw BadRequest({ detail: 'Host names another than :authority does.' })
  }
}

const tooMany = (most: number) => HeadersTooLarge({ detail: `At most ${most} fields are taken.` })

const authority = /^(?:[a-z0-9\-._~!$&'()*+,;=%]*|\[[0-9a-f:.]+\])(?::[0-9]{0,5})?$/i

/** A target in absolute form names the host a second time: the two must agree. */
export function checkAuthority(target: { authority: string | null }, host: string): void {
  if (target.authority !== null && target.authority.toLowerCase() !== host.toLowerCase()) {
    throw BadRequest({ detail: 'The request target names another host than Host does.' })
  }
}
