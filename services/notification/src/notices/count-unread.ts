import { countUnread } from '@portico/contracts/notification'
import type { Route } from '../context.ts'

export const countUnreadRoute: Route = (app, { reads }) => {
  app.route({
    ...countUnread,
    handler: async request => ({ unread: await reads.notices.countUnread(request.requirePrincipal().userId) }),
  })
}
