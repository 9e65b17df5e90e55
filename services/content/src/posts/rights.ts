import { Forbidden } from '@portico/contracts'
import { PostNotFound } from '@portico/contracts/content'
import type { Principal } from '@portico/identity'
import type { Post } from './post.ts'

type Owned = Pick<Post, 'authorId' | 'status'>

/** May change the words, and read them before they are out. */
export function mayEdit(post: Owned, principal: Principal | null): boolean {
  return principal !== null && (principal.userId === post.authorId || administers(principal))
}

/** May take a post away from the public, though not change its words. */
export function mayModerate(post: Owned, principal: Principal | null): boolean {
  return mayEdit(post, principal) || principal?.role === 'moderator'
}

export function mayRead(post: Owned, principal: Principal | null): boolean {
  return post.status === 'published' || mayModerate(post, principal)
}

/** Dates and people of a post are given only by those who import. */
export function requireImporter(
  given: { byline?: unknown; createdAt?: unknown; publishedAt?: unknown },
  by: Principal,
) {
  const named = [given.byline, given.createdAt, given.publishedAt].some(value => value !== undefined)
  if (named && !administers(by)) {
    throw Forbidden({ detail: '`byline`, `createdAt` and `publishedAt` are for admins who import posts.' })
  }
}

/** Somebody else's draft is not there; somebody else's published post is there and not to be changed. */
export function requireEditor(post: Owned, principal: Principal): void {
  if (!mayRead(post, principal)) throw PostNotFound()
  if (!mayEdit(post, principal)) throw Forbidden({ detail: 'Only its author may do this.' })
}

export function requireModerator(post: Owned, principal: Principal): void {
  if (!mayRead(post, principal)) throw PostNotFound()
  if (!mayModerate(post, principal)) throw Forbidden({ detail: 'Only its author and moderators may do this.' })
}

const administers = ({ role }: Principal) => role === 'admin' || role === 'operator'
