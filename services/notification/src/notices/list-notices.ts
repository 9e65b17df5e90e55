import { pageAnswer } from '@portico/chassis'
import { pageLimit } from '@portico/contracts'
import { listNotices } from '@portico/contracts/notification'
import { decodeCursor, encodeCursor, page } from '@portico/database'
import type { Route } from '../context.ts'
import { present } from './notice.ts'

const shape = ['timestamp', 'uuid'] as const

export const listNoticesRoute: Route = (app, { reads }) => {
  app.route({
    ...listNotices,
    handler: async request => {
      const { userId } = request.requirePrincipal()
      const { cursor, limit = pageLimit.default, unread = false } = request.query
      const list = `notices:unread=${unread}`
      const after = cursor === undefined ? null : decodeCursor(cursor, { list, shape })
      const [rows, reader] = await Promise.all([
        reads.notices.list({ userId, unreadOnly: unread }, after, limit),
        reads.people.get(userId),
      ])
      const { items, nextCursor } = page(rows, limit, row => encodeCursor([row.created_at_cursor, row.id], { list }))
      return pageAnswer(request, { items: items.map(row => present(row, reader?.locale ?? 'en')), nextCursor })
    },
  })
}
