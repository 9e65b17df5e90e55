import { CommentCreated, CommentDeleted } from '@portico/contracts/content'
import { type Handler, handle } from '@portico/messaging'
import type { Context } from '../context.ts'
import type { Tables } from '../db/tables.ts'
import { notify } from './notify.ts'

/** The author of a post hears of a comment, the author of a comment of its answer; who is both hears once. */
export function commentEvents({ storesOf, clock }: Pick<Context, 'storesOf' | 'clock'>): Handler<Tables>[] {
  return [
    handle(CommentCreated, async (comment, { trx }) => {
      const stores = storesOf(trx)
      const { commentId, postId, postSlug, postTitle, authorId, postAuthorId, parentAuthorId, excerpt } = comment
      const about = {
        actorId: authorId,
        path: `/posts/${postSlug}#comment-${commentId}`,
        title: postTitle,
        excerpt,
        postId,
        commentId,
        at: new Date(comment.createdAt),
      }
      if (parentAuthorId) await notify(stores, { ...about, kind: 'reply', userId: parentAuthorId }, clock())
      if (postAuthorId !== parentAuthorId)
        await notify(stores, { ...about, kind: 'comment', userId: postAuthorId }, clock())
    }),
    handle(CommentDeleted, ({ commentId }, { trx }) => storesOf(trx).notices.removeOfComment(commentId)),
  ]
}
