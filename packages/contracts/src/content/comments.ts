import { type Static, Type } from 'typebox'
import { defineOperation } from '../operation.ts'
import { Forbidden, InvalidCursor, NotSignedIn, StaleWrite } from '../problems.ts'
import { conditionalWriteHeaders, Id, NoContent, nullable, pageOf, pageQuery, writeHeaders } from '../schemas.ts'
import { CommentNotFound, ParentNotFound, PostNotFound, ThreadTooDeep } from './problems.ts'
import { Comment, contentLimits } from './schemas.ts'

const tags = ['comments']
const byId = Type.Object({ id: Id })
const commentBody = Type.String({
  minLength: 1,
  maxLength: contentLimits.commentLength,
  pattern: '^[^\\x00]*[^\\s\\x00][^\\x00]*$',
  description: 'Markdown without HTML',
})

export const NewComment = Type.Object(
  { body: commentBody, parentId: Type.Optional(nullable(Id)) },
  { additionalProperties: false },
)
export type NewComment = Static<typeof NewComment>

export const listComments = defineOperation({
  id: 'listComments',
  method: 'GET',
  url: '/v1/posts/:id/comments',
  summary: 'Comments of a post, as threads',
  description: 'Oldest thread first; each comment is followed by its answers, and `depth` says how far to indent.',
  tags,
  schema: { params: byId, querystring: Type.Object(pageQuery), response: { 200: pageOf(Comment) } },
  errors: [PostNotFound, InvalidCursor],
  policy: {
    access: 'public',
    cache: { maxAgeSeconds: 60, staleWhileRevalidateSeconds: 30, staleIfErrorSeconds: 600 },
  },
})

export const createComment = defineOperation({
  id: 'createComment',
  method: 'POST',
  url: '/v1/posts/:id/comments',
  summary: 'Comment on a published post',
  tags,
  schema: { params: byId, headers: writeHeaders, body: NewComment, response: { 201: Comment } },
  errors: [NotSignedIn, PostNotFound, ParentNotFound, ThreadTooDeep],
})

export const editComment = defineOperation({
  id: 'editComment',
  method: 'PATCH',
  url: '/v1/comments/:id',
  summary: 'Change what one wrote',
  tags,
  schema: {
    params: byId,
    headers: conditionalWriteHeaders,
    body: Type.Object({ body: commentBody }, { additionalProperties: false }),
    response: { 200: Comment },
  },
  errors: [NotSignedIn, Forbidden, CommentNotFound, StaleWrite],
})

export const deleteComment = defineOperation({
  id: 'deleteComment',
  method: 'DELETE',
  url: '/v1/comments/:id',
  summary: 'Take a comment away',
  description:
    'Its author, the author of the post, and moderators may. Its text is forgotten at once, its answers stay.',
  tags,
  schema: { params: byId, headers: conditionalWriteHeaders, response: { 204: NoContent } },
  errors: [NotSignedIn, Forbidden, CommentNotFound, StaleWrite],
})
