import type { FastifyRequest } from 'fastify'
import { type Answer, answer } from './answer.ts'

/** A page of a list, with the `Link: rel="next"` (RFC 8288) that keeps the list's filters. */
export function pageAnswer<Page extends { nextCursor: string | null }>(
  request: FastifyRequest,
  page: Page,
  headers: Readonly<Record<string, string>> = {},
): Answer<Page> {
  if (page.nextCursor === null) return answer(page, { headers })
  return answer(page, { headers: { ...headers, link: `<${nextUrl(request.url, page.nextCursor)}>; rel="next"` } })
}

// Relative: the gateway's address is not ours to know.
function nextUrl(current: string, cursor: string): string {
  const { pathname, searchParams } = new URL(current, 'http://service')
  searchParams.set('cursor', cursor)
  return `${pathname}?${searchParams}`
}
