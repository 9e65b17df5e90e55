import { getMail, MailNotFound } from '@portico/contracts/console'
import type { Route } from '../context.ts'

export const getMailRoute: Route = (app, { mails }) => {
  app.route({
    ...getMail,
    handler: request => {
      const mail = mails.get(request.params.id)
      if (!mail) throw MailNotFound()
      return mail
    },
  })
}
