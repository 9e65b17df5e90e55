import { FollowAdded, FollowRemoved } from '@portico/contracts/user'
import { type Handler, handle } from '@portico/messaging'
import type { Context } from '../context.ts'
import type { Tables } from '../db/tables.ts'
import { notify } from './notify.ts'

export function followEvents({ storesOf, clock }: Pick<Context, 'storesOf' | 'clock'>): Handler<Tables>[] {
  return [
    handle(FollowAdded, async ({ followerId, followedId, at }, { trx }) => {
      const stores = storesOf(trx)
      const follower = await stores.people.get(followerId)
      const path = follower?.handle ? `/authors/${follower.handle}` : '/notifications'
      const about = { title: '', excerpt: '', postId: null, commentId: null }
      await notify(
        stores,
        { kind: 'follow', userId: followedId, actorId: followerId, path, ...about, at: new Date(at) },
        clock(),
      )
    }),
    handle(FollowRemoved, ({ followerId, followedId }, { trx }) =>
      storesOf(trx).notices.removeFollow(followerId, followedId),
    ),
  ]
}
