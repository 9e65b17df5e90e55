import { type ConsumeOptions, type Consumer, consume } from '@portico/messaging'
import type { Context } from './context.ts'
import type { Tables } from './db/tables.ts'
import { passwordMails, resetMails, verificationMails } from './mails/account-mails.ts'
import { commentEvents } from './notices/comment-events.ts'
import { followEvents } from './notices/follow-events.ts'
import { accountEvents } from './people/account-events.ts'

/** Every subscription of the service. */
export function createConsumers(context: Context): Pick<Consumer, 'start' | 'stop'> {
  const { bus, database, relay, telemetry } = context
  const shared = { service: 'notification', bus, database, relay, telemetry }
  const consumer = (options: Pick<ConsumeOptions<Tables>, 'name' | 'from' | 'on'>) => consume({ ...shared, ...options })
  const consumers = [
    consumer({ name: 'people', from: 'user.account', on: accountEvents(context) }),
    consumer({ name: 'verifications', from: 'user.verification', on: verificationMails(context) }),
    consumer({ name: 'resets', from: 'user.password_reset', on: resetMails(context) }),
    consumer({ name: 'passwords', from: 'user.password', on: passwordMails(context) }),
    consumer({ name: 'follows', from: 'user.follow', on: followEvents(context) }),
    consumer({ name: 'comments', from: 'content.comment', on: commentEvents(context) }),
  ]
  return {
    start() {
      for (const each of consumers) each.start()
    },
    async stop() {
      await Promise.all(consumers.map(each => each.stop()))
    },
  }
}
