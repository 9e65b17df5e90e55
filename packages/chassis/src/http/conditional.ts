import { PreconditionRequired, StaleWrite } from '@portico/contracts'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** A strong entity tag of a version: `"7"`. For more than one representation, put what tells them apart in as well. */
export function etagOf(...version: readonly (string | number)[]): string {
  return `"${version.join('.').replaceAll(/[^\x21\x23-\x7e]/g, '_')}"`
}

/**
 * Refuses a write that does not name the present version.
 *
 * @throws PreconditionRequired without `If-Match`
 * @throws StaleWrite when it names another one
 */
export function requireMatch(request: FastifyRequest, etag: string): void {
  const given = request.headers['if-match']
  if (given === undefined) throw PreconditionRequired()
  if (given.trim() === '*') return
  // RFC 9110, 13.1.1: strong comparison; a weak tag never matches.
  if (!tagsOf(given).includes(etag)) throw StaleWrite()
}

/**
 * Puts `ETag` and `Last-Modified` on the answer, and tells whether the client has it already; the answer is then a 304:
 * `if (notModified(request, reply, etag, post.updatedAt)) return answer(null)`.
 */
export function notModified(
  request: FastifyRequest,
  reply: FastifyReply,
  etag: string,
  lastModified?: Date | string,
): boolean {
  const modifiedAt = lastModified === undefined ? undefined : new Date(lastModified)
  reply.header('etag', etag)
  if (modifiedAt) reply.header('last-modified', modifiedAt.toUTCString())
  const fresh = isFresh(request, etag, modifiedAt)
  if (fresh) reply.code(304)
  return fresh
}

function isFresh({ headers }: FastifyRequest, etag: string, modifiedAt: Date | undefined): boolean {
  const ifNoneMatch = headers['if-none-match']
  // RFC 9110, 13.1.3: with If-None-Match, If-Modified-Since is ignored.
  if (ifNoneMatch !== undefined) return ifNoneMatch.trim() === '*' || weakly(tagsOf(ifNoneMatch)).includes(opaque(etag))
  const since = Date.parse(headers['if-modified-since'] ?? '')
  if (Number.isNaN(since) || !modifiedAt) return false
  return Math.floor(modifiedAt.getTime() / 1_000) * 1_000 <= since
}

const entityTag = /(?:W\/)?"[^"]*"/g
const tagsOf = (field: string): readonly string[] => field.match(entityTag) ?? []
const opaque = (tag: string) => tag.replace(/^W\//, '')
const weakly = (tags: readonly string[]) => tags.map(opaque)
