import { getMailHtml, MailNotFound } from '@portico/contracts/console'
import type { Route } from '../context.ts'

/** A stranger's page: styled, but without scripts, without anything fetched, and in an origin of its own. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"

export const getMailHtmlRoute: Route = (app, { mails }) => {
  app.route({
    ...getMailHtml,
    handler: (request, reply) => {
      const mail = mails.get(request.params.id)
      if (!mail) throw MailNotFound()
      reply.headers({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': policy,
        'x-frame-options': 'SAMEORIGIN',
        'cache-control': 'private, no-store',
      })
      return reply.send(Buffer.from(mail.html))
    },
  })
}
