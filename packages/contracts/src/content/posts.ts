import { type Static, Type } from 'typebox'
import { defineOperation } from '../operation.ts'
import type { Role } from '../policy.ts'
import { Forbidden, InvalidCursor, NotSignedIn, PreconditionRequired, StaleWrite } from '../problems.ts'
import {
  conditionalWriteHeaders,
  Handle,
  Id,
  NoContent,
  nullable,
  pageOf,
  pageQuery,
  Timestamp,
  writeHeaders,
} from '../schemas.ts'
import { AlreadyPublished, BodyTooComplex, NotInTheFuture, PostInTrash, PostNotFound, SlugTaken } from './problems.ts'
import { contentLimits, noNul, Post, PostStatus, PostSummary, Slug } from './schemas.ts'

const tags = ['posts']
const byId = Type.Object({ id: Id })

/** Kept for strangers until it is purged by an event, or at most so long. */
const cache = { maxAgeSeconds: 60, staleWhileRevalidateSeconds: 30, staleIfErrorSeconds: 600 }

/** Who writes posts; every account begins as an author. Readers comment and react. */
const writers: readonly Role[] = ['author', 'moderator', 'admin', 'operator']

/** What only `admin` and `operator` may set: posts that come from elsewhere keep their people and their dates. */
const importing = {
  byline: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 200, pattern: '^[^\\x00-\\x1f\\x7f]+$' }), {
      maxItems: contentLimits.bylineNames,
      description: 'Admins: names of the people who wrote it, when they have no account. Answered as `authors`',
    }),
  ),
  createdAt: Type.Optional(Type.String({ ...Timestamp, description: 'Admins: when it was written' })),
}

const editable = {
  title: Type.String({
    minLength: 1,
    maxLength: contentLimits.titleLength,
    pattern: '^[^\\x00-\\x1f\\x7f]*[^\\s\\x00-\\x1f\\x7f][^\\x00-\\x1f\\x7f]*$',
    description: 'One line, not blank',
  }),
  body: Type.String({
    maxLength: contentLimits.bodyLength,
    pattern: noNul,
    description: 'Markdown (CommonMark, with tables)',
  }),
  tags: Type.Array(Type.String({ minLength: 1, maxLength: contentLimits.tagLength, pattern: '[\\p{L}\\p{N}]' }), {
    maxItems: contentLimits.tags,
    description: 'Kept in lower case, spaces as `-`, each once',
  }),
  coverFileId: nullable(Id),
  slug: Slug,
}

export const NewPost = Type.Object(
  {
    ...Type.Partial(Type.Object(editable)).properties,
    title: editable.title,
    body: editable.body,
    ...importing,
    publishedAt: Type.Optional(
      Type.String({ ...Timestamp, description: 'Admins: the post is published at once, as of this time' }),
    ),
  },
  { additionalProperties: false },
)
export type NewPost = Static<typeof NewPost>

export const PostPatch = Type.Object(
  {
    ...Type.Partial(Type.Object(editable)).properties,
    ...importing,
    publishedAt: Type.Optional(
      Type.String({ ...Timestamp, description: 'Admins: corrects the date of a published post' }),
    ),
  },
  { additionalProperties: false, minProperties: 1 },
)
export type PostPatch = Static<typeof PostPatch>

/** A long text is rendered when it is written, and may have to wait for another one. */
const textDeadlineMs = 30_000

export const createPost = defineOperation({
  id: 'createPost',
  method: 'POST',
  url: '/v1/posts',
  summary: 'Write a draft',
  description:
    'The slug is made from the title when it is left out, and made unique; a given one must be free. ' +
    'Importers (`admin`, `operator`) set `byline`, `createdAt` and `publishedAt`; with `publishedAt` the post is out at once.',
  tags,
  schema: { headers: writeHeaders, body: NewPost, response: { 201: PostSummary } },
  errors: [NotSignedIn, Forbidden, SlugTaken, BodyTooComplex],
  policy: { access: writers, bodyLimitBytes: contentLimits.bodyBytes, deadlineMs: textDeadlineMs },
})

export const listPosts = defineOperation({
  id: 'listPosts',
  method: 'GET',
  url: '/v1/posts',
  summary: 'Published posts, newest first',
  tags,
  schema: {
    querystring: Type.Object({
      ...pageQuery,
      author: Type.Optional(Type.String({ ...Handle, description: 'Handle of the account' })),
      tag: Type.Optional(Type.String({ minLength: 1, maxLength: contentLimits.tagLength })),
      sort: Type.Optional(Type.Enum(['newest', 'oldest'], { default: 'newest' })),
    }),
    response: { 200: pageOf(PostSummary) },
  },
  errors: [InvalidCursor],
  policy: { access: 'public', cache },
})

export const listOwnPosts = defineOperation({
  id: 'listOwnPosts',
  method: 'GET',
  url: '/v1/me/posts',
  summary: 'Own posts, drafts and trash included, last changed first',
  tags,
  schema: {
    querystring: Type.Object({ ...pageQuery, status: Type.Optional(PostStatus) }),
    response: { 200: pageOf(PostSummary) },
  },
  errors: [NotSignedIn, InvalidCursor],
})

export const getPost = defineOperation({
  id: 'getPost',
  method: 'GET',
  url: '/v1/posts/:idOrSlug',
  summary: 'Read one post',
  description:
    'An old slug answers 308 to the new one. A post that is not out is there only for those who may edit it.',
  tags,
  schema: {
    params: Type.Object({ idOrSlug: Type.String({ minLength: 1, maxLength: 200, pattern: noNul }) }),
    response: { 200: Post, 304: NoContent, 308: NoContent },
  },
  errors: [PostNotFound],
  policy: { access: 'public', cache },
})

export const editPost = defineOperation({
  id: 'editPost',
  method: 'PATCH',
  url: '/v1/posts/:id',
  summary: 'Edit: a new revision',
  description:
    'Needs `If-Match` with the ETag that was read. Comments and reactions do not make an ETag stale for writing.',
  tags,
  schema: { params: byId, headers: conditionalWriteHeaders, body: PostPatch, response: { 200: PostSummary } },
  errors: [
    NotSignedIn,
    Forbidden,
    PostNotFound,
    SlugTaken,
    PostInTrash,
    StaleWrite,
    PreconditionRequired,
    BodyTooComplex,
  ],
  policy: { access: writers, bodyLimitBytes: contentLimits.bodyBytes, deadlineMs: textDeadlineMs },
})

export const deletePost = defineOperation({
  id: 'deletePost',
  method: 'DELETE',
  url: '/v1/posts/:id',
  summary: 'Move to the trash, for 30 days',
  description: 'Needs `If-Match` with the ETag that was read. What is in the trash already stays there: 204 again.',
  tags,
  schema: { params: byId, headers: conditionalWriteHeaders, response: { 204: NoContent } },
  errors: [NotSignedIn, Forbidden, PostNotFound, StaleWrite, PreconditionRequired],
  policy: { access: writers },
})

const turnHeaders = Type.Object({ ...writeHeaders.properties, ...conditionalWriteHeaders.properties })
const turnErrors = [NotSignedIn, Forbidden, PostNotFound, StaleWrite] as const

export const publishPost = defineOperation({
  id: 'publishPost',
  method: 'POST',
  url: '/v1/posts/:id/publish',
  summary: 'Let everyone read it',
  description: 'What is out already stays out: 200 again. A post that was out before keeps its first date.',
  tags,
  schema: {
    params: byId,
    headers: turnHeaders,
    body: nullable(
      Type.Object(
        { publishedAt: Type.Optional(Type.String({ ...Timestamp, description: 'Admins: the date to carry' })) },
        { additionalProperties: false },
      ),
    ),
    response: { 200: PostSummary },
  },
  errors: [...turnErrors, PostInTrash],
  policy: { access: writers },
})

export const unpublishPost = defineOperation({
  id: 'unpublishPost',
  method: 'POST',
  url: '/v1/posts/:id/unpublish',
  summary: 'Make it a draft again',
  description: 'Ends a schedule too. A draft stays one: 200 again.',
  tags,
  schema: { params: byId, headers: turnHeaders, response: { 200: PostSummary } },
  errors: [...turnErrors, PostInTrash],
  policy: { access: writers },
})

export const schedulePost = defineOperation({
  id: 'schedulePost',
  method: 'POST',
  url: '/v1/posts/:id/schedule',
  summary: 'Publish it later',
  description: 'It is out within 2 seconds of `publishAt`. Scheduling again moves the time; `unpublish` ends it.',
  tags,
  schema: {
    params: byId,
    headers: turnHeaders,
    body: Type.Object({ publishAt: Timestamp }, { additionalProperties: false }),
    response: { 200: PostSummary },
  },
  errors: [...turnErrors, PostInTrash, AlreadyPublished, NotInTheFuture],
  policy: { access: writers },
})

export const restorePost = defineOperation({
  id: 'restorePost',
  method: 'POST',
  url: '/v1/posts/:id/restore',
  summary: 'Take it out of the trash, as a draft',
  description: 'What is not in the trash stays as it is: 200 again.',
  tags,
  schema: { params: byId, headers: turnHeaders, response: { 200: PostSummary } },
  errors: [...turnErrors],
  policy: { access: writers },
})
