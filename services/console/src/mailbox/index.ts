import type { Route } from '../context.ts'
import { getMailRoute } from './get.ts'
import { listMailsRoute } from './list.ts'

export const mailbox: Route = (app, context) => {
  listMailsRoute(app, context)
  getMailRoute(app, context)
}
