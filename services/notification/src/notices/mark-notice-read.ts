import { markRead, NoticeNotFound } from '@portico/contracts/notification'
import type { Route } from '../context.ts'
import { present } from './notice.ts'

export const markReadRoute: Route = (app, { transact, clock }) => {
  app.route({
    ...markRead,
    handler: request => {
      const { userId } = request.requirePrincipal()
      return transact(request, async ({ notices, people }) => {
        await notices.markRead(request.params.id, userId, clock())
        const notice = await notices.get(request.params.id, userId)
        if (!notice) throw NoticeNotFound()
        return present(notice, (await people.get(userId))?.locale ?? 'en')
      })
    },
  })
}
