import { answer } from '@portico/chassis'
import { etagOfPost } from './etag.ts'
import type { Stamped } from './present.ts'

/** What a write answers: the post without its text, and the ETag for the next write. */
export function writtenPost(post: Stamped, { created = false } = {}) {
  // Only those who may edit write; a moderator's tag is as good for the next write.
  const headers = { etag: etagOfPost(post, true) }
  if (!created) return answer(post.summary, { headers })
  return answer(post.summary, { status: 201, headers: { ...headers, location: `/v1/posts/${post.summary.id}` } })
}
