import type { IncomingHttpHeaders } from 'node:http'
import type { KeptHead } from './entry.ts'
import { fieldOf } from './fields.ts'
import { parseHttpDate } from './http-date.ts'

const opaque = (tag: string) => (tag.startsWith('W/') ? tag.slice(2) : tag)

/** RFC 9110, section 13.1.2: the weak comparison. */
export const namesTag = (tags: string, etag: string): boolean =>
  tags.trim() === '*' || tags.split(',').some(tag => opaque(tag.trim()) === opaque(etag))

type Validated = Pick<KeptHead, 'etag' | 'lastModified' | 'headers' | 'receivedAtMs'>

/** Whether the client has this answer already (RFC 9111, section 4.3.2): the weak comparison, and ETag before dates. */
export function isNotModified(request: IncomingHttpHeaders, { etag, lastModified, headers, receivedAtMs }: Validated) {
  const tags = request['if-none-match']
  if (tags !== undefined) {
    return etag === undefined ? tags.trim() === '*' : namesTag(tags, etag)
  }
  const sinceMs = parseHttpDate(request['if-modified-since'], receivedAtMs)
  if (sinceMs === null) return false
  const changedMs = parseHttpDate(lastModified ?? fieldOf(headers, 'date'), receivedAtMs) ?? receivedAtMs
  return changedMs <= sinceMs
}

export const isConditional = ({ 'if-none-match': tags, 'if-modified-since': since }: IncomingHttpHeaders) =>
  tags !== undefined || since !== undefined

/** Whether a range is still of the same bytes (RFC 9110, section 13.1.5): the strong comparison. */
export function rangeStillApplies(request: IncomingHttpHeaders, { etag, lastModified }: Validated): boolean {
  const validator = request['if-range']
  if (validator === undefined) return true
  const text = String(validator)
  if (text.startsWith('"')) return text === etag
  return lastModified !== undefined && text === lastModified
}
