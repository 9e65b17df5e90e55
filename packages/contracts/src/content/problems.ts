import { defineProblem } from '../problem.ts'

export const PostNotFound = defineProblem(
  'post_not_found',
  404,
  'There is no such post',
  'It never was, is gone, or is a draft that only its author may read.',
)
export const SlugTaken = defineProblem(
  'slug_taken',
  409,
  'Another post has this slug',
  'Choose another one, or leave `slug` out and have one made from the title. Old slugs of a post stay its own.',
)
export const PostInTrash = defineProblem(
  'post_in_trash',
  409,
  'The post is in the trash',
  'Restore it before you change or publish it.',
)
export const BodyTooComplex = defineProblem(
  'body_too_complex',
  422,
  'The text takes too long to render',
  'Make it shorter, or take out what repeats: thousands of brackets, asterisks or tags that nothing closes.',
)
export const AlreadyPublished = defineProblem(
  'already_published',
  409,
  'The post is out already',
  'Take it back with `POST /v1/posts/:id/unpublish` before you schedule it.',
)
export const NotInTheFuture = defineProblem(
  'not_in_the_future',
  422,
  'This time has passed',
  '`publishAt` must lie in the future; to publish at once there is `POST /v1/posts/:id/publish`.',
)
export const CommentNotFound = defineProblem(
  'comment_not_found',
  404,
  'There is no such comment',
  'It never was, was taken away, or its post can no longer be read.',
)
export const ParentNotFound = defineProblem(
  'parent_not_found',
  422,
  'The comment you answer is not there',
  '`parentId` names no living comment of this post.',
)
export const ThreadTooDeep = defineProblem(
  'thread_too_deep',
  422,
  'The thread is too deep',
  'Answers nest at most 16 levels: answer further up.',
)
