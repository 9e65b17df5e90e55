import type { ByteRange } from '../blobs/blob-store.ts'

export type RangeAnswer = { kind: 'whole' } | { kind: 'part'; range: ByteRange } | { kind: 'unsatisfiable' }

/**
 * What a `Range` field asks of a body (RFC 9110, section 14.2).
 * "A server that supports range requests MAY ignore or reject a Range header field that contains … many small ranges":
 * several ranges are answered with the whole body, as is what cannot be parsed.
 */
export function rangeOf(field: string | undefined, sizeBytes: number): RangeAnswer {
  const found = field === undefined ? null : /^bytes=(\d*)-(\d*)$/i.exec(field.trim())
  if (!found || (found[1] === '' && found[2] === '')) return { kind: 'whole' }
  const [first = '', last = ''] = [found[1], found[2]]
  if (first === '') return suffixOf(Number(last), sizeBytes)
  const start = Number(first)
  const end = last === '' ? sizeBytes - 1 : Number(last)
  if (last !== '' && end < start) return { kind: 'whole' }
  if (start >= sizeBytes) return { kind: 'unsatisfiable' }
  return { kind: 'part', range: { start, end: Math.min(end, sizeBytes - 1) } }
}

function suffixOf(length: number, sizeBytes: number): RangeAnswer {
  if (length === 0 || sizeBytes === 0) return { kind: 'unsatisfiable' }
  return { kind: 'part', range: { start: Math.max(0, sizeBytes - length), end: sizeBytes - 1 } }
}

/** `If-Range` (RFC 9110, section 13.1.5): the range holds only for this very body. Dates are compared to the second. */
export function rangeStillHolds(ifRange: string | undefined, etag: string, lastModified: Date): boolean {
  if (ifRange === undefined) return true
  // "A client MUST NOT generate an If-Range header field containing an entity tag that is marked as weak."
  if (ifRange.startsWith('"')) return ifRange === etag
  return Math.floor(Date.parse(ifRange) / 1_000) === Math.floor(lastModified.getTime() / 1_000)
}
