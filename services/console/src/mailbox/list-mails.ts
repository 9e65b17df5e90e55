import { pageAnswer } from '@portico/chassis'
import { pageLimit } from '@portico/contracts'
import { listMails } from '@portico/contracts/console'
import { decodeCursor, encodeCursor, page } from '@portico/database'
import type { Route } from '../context.ts'

const shape = ['uuid'] as const

export const listMailsRoute: Route = (app, { mails }) => {
  app.route({
    ...listMails,
    handler: request => {
      const { to, cursor, limit = pageLimit.default } = request.query
      const list = `mails:to=${to ?? ''}`
      const [before] = cursor === undefined ? [undefined] : decodeCursor(cursor, { list, shape })
      const found = mails.list({ ...(to ? { to } : {}), ...(before ? { before } : {}), limit: limit + 1 })
      return pageAnswer(
        request,
        page(found, limit, mail => encodeCursor([mail.id], { list })),
      )
    },
  })
}
