import type { ServerResponse } from 'node:http'
import { constants, Http2ServerResponse } from 'node:http2'

// Where the two versions of HTTP differ behind one and the same face. Node's types know the client's response as
// HTTP/1.1's; behind TLS it may be HTTP/2's.

/**
 * Ends an answer of which the rest will not come, so that nobody takes it for whole: the connection goes, or the stream
 * is reset. A stream's `destroy()` alone would reset it with NO_ERROR, and clients take that for an end.
 */
export function breakOff(response: ServerResponse): void {
  const http2 = http2Of(response)
  if (http2 === null) response.destroy()
  else http2.stream.close(constants.NGHTTP2_INTERNAL_ERROR)
}

/** @param trailers flat; HTTP/2's `addTrailers` takes no list of pairs: it would send their numbers as names */
export function addTrailers(response: ServerResponse, trailers: readonly string[]): void {
  const pairs: [string, string][] = []
  for (let index = 0; index < trailers.length; index += 2)
    pairs.push([trailers[index] ?? '', trailers[index + 1] ?? ''])
  const http2 = http2Of(response)
  if (http2 === null) response.addTrailers(pairs)
  else {
    const byName = Map.groupBy(pairs, ([name]) => name)
    http2.addTrailers(Object.fromEntries([...byName].map(([name, all]) => [name, all.map(([, value]) => value)])))
  }
}

function http2Of(response: object): Http2ServerResponse | null {
  return response instanceof Http2ServerResponse ? response : null
}
