import type { Principal } from '@portico/identity'
import type { Stores } from '../db/stores.ts'
import { refuseStale } from './etag.ts'
import type { Post } from './post.ts'
import { record } from './record.ts'
import { writtenPost } from './written.ts'

interface Turn {
  id: string
  principal: Principal
  ifMatch: string | undefined
  may: (post: Post, principal: Principal) => void
  rule: (post: Post) => Post
}

/** One turn in the life of a post: lock it, see whether the caller may, apply the rule, write and tell, answer it. */
export async function turn(stores: Stores, { id, principal, ifMatch, may, rule }: Turn) {
  const before = await stores.posts.getForUpdate(id)
  may(before, principal)
  refuseStale(ifMatch, before)
  await record(stores, before, rule(before), principal.userId)
  return writtenPost(await stores.views.stamped(id))
}
