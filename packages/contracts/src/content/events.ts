import { Type } from 'typebox'
import { defineEvent } from '../event.ts'
import { Id, nullable, Timestamp } from '../schemas.ts'

const keyOfPost = ({ postId }: { postId: string }) => postId
const published = {
  postId: Id,
  authorId: Id,
  slug: Type.String(),
  title: Type.String(),
  excerpt: Type.String(),
  tags: Type.Array(Type.String()),
  coverFileId: nullable(Id),
  publishedAt: Timestamp,
}

export const PostPublished = defineEvent('content.post.published.v1', Type.Object(published), {
  description: 'A post can now be read by everyone',
  key: keyOfPost,
})
export const PostChanged = defineEvent('content.post.changed.v1', Type.Object({ ...published, changedAt: Timestamp }), {
  description: 'A published post has a new revision',
  key: keyOfPost,
})
export const PostUnpublished = defineEvent(
  'content.post.unpublished.v1',
  Type.Object({ postId: Id, authorId: Id, unpublishedAt: Timestamp }),
  { description: 'A post can no longer be read by everyone', key: keyOfPost },
)
export const PostDeleted = defineEvent(
  'content.post.deleted.v1',
  Type.Object({ postId: Id, authorId: Id, deletedAt: Timestamp }),
  { description: 'A post was moved to the trash', key: keyOfPost },
)
export const CommentCreated = defineEvent(
  'content.comment.created.v1',
  Type.Object({
    commentId: Id,
    postId: Id,
    postSlug: Type.String(),
    postTitle: Type.String(),
    postAuthorId: Id,
    authorId: Id,
    authorName: Type.String(),
    parentId: nullable(Id),
    parentAuthorId: nullable(Id),
    excerpt: Type.String(),
    createdAt: Timestamp,
  }),
  { description: 'Somebody commented on a post', key: ({ commentId }) => commentId },
)
export const CommentDeleted = defineEvent(
  'content.comment.deleted.v1',
  Type.Object({ commentId: Id, postId: Id, deletedAt: Timestamp }),
  { description: 'A comment was taken away', key: ({ commentId }) => commentId },
)
