import { Forbidden } from '@portico/contracts'
import type { Principal } from '@portico/identity'

interface Written {
  authorId: string
  postAuthorId: string
}

/** Only whoever wrote it changes its words. */
export function requireAuthor({ authorId }: Written, { userId }: Principal): void {
  if (authorId !== userId) throw Forbidden({ detail: 'Only its author may change a comment.' })
}

/** Its author, the author of the post, and moderators take it away. */
export function requireRemover({ authorId, postAuthorId }: Written, { userId, role }: Principal): void {
  const moderates = role === 'moderator' || role === 'admin' || role === 'operator'
  if (!moderates && userId !== authorId && userId !== postAuthorId) {
    throw Forbidden({ detail: 'Only its author, the author of the post and moderators may take a comment away.' })
  }
}
