import type { Route } from '../context.ts'
import { getMailRoute } from './get-mail.ts'
import { getMailHtmlRoute } from './get-mail-html.ts'
import { listMailsRoute } from './list-mails.ts'

export const mailbox: Route = (app, context) => {
  listMailsRoute(app, context)
  getMailRoute(app, context)
  getMailHtmlRoute(app, context)
}
