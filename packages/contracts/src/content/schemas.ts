import { type Static, Type } from 'typebox'
import { Handle, Id, nullable, Timestamp } from '../schemas.ts'

export const contentLimits = {
  titleLength: 300,
  /** Characters of Markdown; the longest release notes known have about 850,000. */
  bodyLength: 1_500_000,
  /** Bytes of a request that carries a body of a post: JSON escapes and UTF-8 included. */
  bodyBytes: 4 * 1_024 * 1_024,
  tags: 20,
  tagLength: 50,
  bylineNames: 20,
  commentLength: 10_000,
  threadDepth: 16,
} as const

/** PostgreSQL's text cannot hold U+0000. */
export const noNul = '^[^\\x00]*$'

/** Dots are allowed because version numbers are: `v10.0.0`. Never of the shape of an id. */
export const Slug = Type.String({
  pattern: '^[a-z0-9]+(?:[-._][a-z0-9]+)*$',
  minLength: 1,
  maxLength: 200,
  description: 'Lower-case letters and digits, joined by single `-`, `.` or `_`; unique among all posts',
})

export const PostStatus = Type.Enum(['draft', 'scheduled', 'published', 'trashed'])
export type PostStatus = Static<typeof PostStatus>

/** An account as readers of content see it. `handle` is null when the account is gone. */
export const Author = Type.Object({
  id: Id,
  handle: nullable(Handle),
  name: Type.String(),
  avatarFileId: nullable(Id),
})
export type Author = Static<typeof Author>

/** Whom to name above a post. */
export const Credit = Type.Object({
  name: Type.String(),
  handle: nullable(Handle),
})
export type Credit = Static<typeof Credit>

export const Counts = Type.Object({ comments: Type.Integer(), reactions: Type.Integer() })

const summary = {
  id: Id,
  slug: Slug,
  status: PostStatus,
  title: Type.String(),
  excerpt: Type.String({ description: 'Plain text: the first paragraph, cut at 280 characters' }),
  tags: Type.Array(Type.String()),
  author: Type.Object(Author.properties, { description: 'The account that wrote or imported it' }),
  authors: Type.Array(Credit, {
    description: 'Whom to name: the account, or for an imported post the people of its byline (handle null)',
  }),
  coverFileId: nullable(Id),
  counts: Counts,
  revision: Type.Integer({ minimum: 1, description: 'Counts the edits of title, body, tags, cover, slug and byline' }),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  publishedAt: nullable(Timestamp),
  scheduledFor: nullable(Timestamp),
}

/** A post without its text: what lists hold, and what a write answers, since the writer has the text. */
export const PostSummary = Type.Object(summary)
export type PostSummary = Static<typeof PostSummary>

export const Post = Type.Object({
  ...summary,
  html: Type.String({ description: 'Made from the Markdown and sanitised: safe to put into a page' }),
  body: Type.Optional(Type.String({ description: 'The Markdown; only for those who may edit the post' })),
})
export type Post = Static<typeof Post>

export const Comment = Type.Object({
  id: Id,
  postId: Id,
  parentId: nullable(Id),
  depth: Type.Integer({ minimum: 0, description: '0: answers the post itself' }),
  author: nullable(Author),
  body: Type.String({ description: 'Markdown; empty when deleted' }),
  html: Type.String({ description: 'Sanitised; empty when deleted' }),
  deleted: Type.Boolean({ description: 'Taken away; it stays in the list to hold its answers' }),
  createdAt: Timestamp,
  editedAt: nullable(Timestamp),
})
export type Comment = Static<typeof Comment>

export const reactionKinds = ['like', 'love', 'celebrate', 'insightful'] as const
export const ReactionKind = Type.Enum([...reactionKinds])

export const Tag = Type.Object({ name: Type.String(), posts: Type.Integer({ minimum: 0 }) })
export type Tag = Static<typeof Tag>
