import { noContent } from '@portico/chassis'
import { deleteNotice, NoticeNotFound } from '@portico/contracts/notification'
import type { Route } from '../context.ts'

export const deleteNoticeRoute: Route = (app, { transact }) => {
  app.route({
    ...deleteNotice,
    handler: request => {
      const { userId } = request.requirePrincipal()
      return transact(request, async ({ notices }) => {
        if (!(await notices.delete(request.params.id, userId))) throw NoticeNotFound()
        return noContent()
      })
    },
  })
}
