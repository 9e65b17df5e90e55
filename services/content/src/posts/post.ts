import type { PostStatus } from '@portico/contracts/content'

/** A post as its rules see it; its text is in its revisions. */
export interface Post {
  readonly id: string
  readonly authorId: string
  readonly slug: string
  readonly title: string
  readonly excerpt: string
  readonly tags: readonly string[]
  /** Names to print instead of the account's: an imported post. Empty: the account itself. */
  readonly byline: readonly string[]
  readonly coverFileId: string | null
  readonly status: PostStatus
  /** Grows with each write. */
  readonly version: number
  /** Grows with each edit of the text or what stands around it. */
  readonly revision: number
  readonly createdAt: Date
  readonly updatedAt: Date
  /** When it was first out. It stays when the post is taken back, so that it comes back at its place. */
  readonly publishedAt: Date | null
  readonly scheduledFor: Date | null
  readonly trashedAt: Date | null
}

/** What the text of a post is made into when it is written. */
export interface Text {
  readonly body: string
  readonly html: string
  readonly excerpt: string
}
