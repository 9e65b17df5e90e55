import { noContent } from '@portico/chassis'
import { CannotFollowYourself, FollowAdded, followUser } from '@portico/contracts/user'
import { accountTag } from '../accounts/account.ts'
import type { Route } from '../context.ts'

export const followUserRoute: Route = (app, { clock, transact }) => {
  app.route({
    ...followUser,
    handler: request =>
      transact(request, async ({ accounts, follows, outbox, purge }) => {
        const { userId: followerId } = request.requirePrincipal()
        await accounts.getOwn(followerId)
        const { id: followedId } = await accounts.getShown(request.params.handle)
        if (followedId === followerId) throw CannotFollowYourself()
        const now = clock()
        if (await follows.add(followerId, followedId, now)) {
          await outbox.add(FollowAdded, { followerId, followedId, at: now.toISOString() })
          purge(accountTag(followerId), accountTag(followedId))
        }
        return noContent()
      }),
  })
}
