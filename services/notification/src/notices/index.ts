import type { Route } from '../context.ts'
import { countUnreadRoute } from './count-unread.ts'
import { deleteNoticeRoute } from './delete-notice.ts'
import { listNoticesRoute } from './list-notices.ts'
import { markAllReadRoute } from './mark-all-notices-read.ts'
import { markReadRoute } from './mark-notice-read.ts'

export const notices: Route = (app, context) => {
  listNoticesRoute(app, context)
  countUnreadRoute(app, context)
  markAllReadRoute(app, context)
  markReadRoute(app, context)
  deleteNoticeRoute(app, context)
}
