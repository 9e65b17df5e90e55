import { pageAnswer } from '@portico/chassis'
import { pageLimit } from '@portico/contracts'
import { adminListAudit, adminVerifyAudit } from '@portico/contracts/user'
import type { Route } from '../context.ts'
import { toEntry } from './audit.ts'

export const listAuditRoute: Route = (app, { reads }) => {
  app.route({
    ...adminListAudit,
    handler: async request => {
      const { limit = pageLimit.default, ...filter } = request.query
      const { items, nextCursor } = await reads.audit.list({ limit, ...filter })
      return pageAnswer(request, { items: items.map(toEntry), nextCursor })
    },
  })
}

export const verifyAuditRoute: Route = (app, { reads }) => {
  app.route({
    ...adminVerifyAudit,
    handler: async () => {
      const { rows, brokenAt, head } = await reads.audit.verify()
      return { intact: brokenAt === null, rows, brokenAt, head }
    },
  })
}
