import { pageAnswer } from '@portico/chassis'
import { pageLimit } from '@portico/contracts'
import { listFiles } from '@portico/contracts/file'
import { decodeCursor, encodeCursor, page } from '@portico/database'
import type { Route } from '../context.ts'
import { present } from './file.ts'

const list = 'files'
const shape = ['timestamp', 'uuid'] as const

export const listFilesRoute: Route = (app, { reads }) => {
  app.route({
    ...listFiles,
    handler: async request => {
      const { userId: ownerId } = request.requirePrincipal()
      const { cursor, limit = pageLimit.default, ...filter } = request.query
      const after = cursor === undefined ? null : decodeCursor(cursor, { list, shape })
      const rows = await reads.files.list({ ownerId, ...filter }, after, limit)
      const { items, nextCursor } = page(rows, limit, row => encodeCursor([row.created_at_cursor, row.id], { list }))
      return pageAnswer(request, { items: items.map(present), nextCursor })
    },
  })
}
