import { PreconditionRequired, StaleWrite } from '@portico/contracts'
import type { Post } from './post.ts'
import type { Stamped } from './present.ts'

/** What the answer of a post is made of, as numbers. */
interface Tagged extends Pick<Stamped, 'version' | 'authorVersion'> {
  readonly summary: Pick<Stamped['summary'], 'counts'>
}

/**
 * The ETag of a post names all that its answer is made of: `"<version>-<comments>.<reactions>.<author's version>.<reader>"`.
 * Only the version in front counts for a write: somebody's comment must not make an author's edit stale.
 */
export function etagOfPost({ version, authorVersion, summary }: Tagged, editor: boolean): string {
  const { comments, reactions } = summary.counts
  return `"${version}-${comments}.${reactions}.${authorVersion}${editor ? 'e' : ''}"`
}

/**
 * A weak tag is taken as well: whoever compresses on the way makes ours weak (RFC 9110, section 8.8.3.3), and the version
 * in it is as good as before.
 * @throws StaleWrite when `If-Match` (RFC 9110, section 13.1.1) names other versions only
 */
export function refuseStale(ifMatch: string | undefined, { version }: Pick<Post, 'version'>): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return
  const tags = ifMatch.split(',').map(tag => tag.trim())
  const current = tags.some(tag => /^(?:W\/)?"(\d+)-[\w.]*"$/.exec(tag)?.[1] === String(version))
  if (!current) throw StaleWrite()
}

/** @throws PreconditionRequired without `If-Match`; StaleWrite as {@link refuseStale} */
export function requireCurrent(ifMatch: string | undefined, post: Pick<Post, 'version'>): void {
  if (ifMatch === undefined) throw PreconditionRequired()
  refuseStale(ifMatch, post)
}
