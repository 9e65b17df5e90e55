import { created, etagOf } from '@portico/chassis'
import { CommentCreated, createComment, ParentNotFound, PostNotFound } from '@portico/contracts/content'
import { uuidv7 } from '@portico/database'
import type { Route } from '../context.ts'
import type { Stores } from '../db/stores.ts'
import { renderComment } from '../markdown/render.ts'
import { presentComment } from './present.ts'
import { pathOf } from './thread.ts'

export const createCommentRoute: Route = (app, { clock, transact }) => {
  app.route({
    ...createComment,
    handler: request => {
      const principal = request.requirePrincipal()
      const { body, parentId = null } = request.body
      const { html, excerpt } = renderComment(body)

      return transact(request, async stores => {
        const createdAt = clock()
        const author = await stores.authors.ensure(principal, createdAt)
        const post = await stores.posts.count(request.params.id, 'comment_count', 1)
        if (!post) throw PostNotFound()
        const parent = await parentOf(stores, parentId, post.id)
        const id = uuidv7()
        const path = pathOf(id, parent?.path ?? null)
        const authorId = author.user_id
        await stores.comments.insert({ id, postId: post.id, parentId, path, authorId, body, html, createdAt })
        await stores.outbox.add(CommentCreated, {
          commentId: id,
          postId: post.id,
          postSlug: post.slug,
          postTitle: post.title,
          postAuthorId: post.authorId,
          authorId,
          authorName: author.name,
          parentId,
          parentAuthorId: parent?.authorId ?? null,
          excerpt,
          createdAt: createdAt.toISOString(),
        })
        stores.purge(`post:${post.id}`, `comments:${post.id}`)
        const comment = await stores.comments.get(id)
        return created(`/v1/comments/${id}`, presentComment(comment), { etag: etagOf(comment.version) })
      })
    },
  })
}

async function parentOf({ comments }: Stores, parentId: string | null, postId: string) {
  if (parentId === null) return null
  const parent = await comments.parent(parentId, postId)
  if (!parent)
    throw ParentNotFound({ errors: [{ pointer: '#/parentId', in: 'body', detail: 'names no comment here' }] })
  return parent
}
