import { noContent } from '@portico/chassis'
import { FollowRemoved, unfollowUser } from '@portico/contracts/user'
import { accountTag } from '../accounts/account.ts'
import type { Route } from '../context.ts'

export const unfollowUserRoute: Route = (app, { clock, transact }) => {
  app.route({
    ...unfollowUser,
    handler: request =>
      transact(request, async ({ accounts, follows, outbox, purge }) => {
        const { userId: followerId } = request.requirePrincipal()
        const { id: followedId } = await accounts.getShown(request.params.handle)
        if (await follows.remove(followerId, followedId)) {
          await outbox.add(FollowRemoved, { followerId, followedId, at: clock().toISOString() })
          purge(accountTag(followerId), accountTag(followedId))
        }
        return noContent()
      }),
  })
}
