import { requestPasswordReset } from '@portico/contracts/user'
import { uuidv7 } from '@portico/database'
import { injectTrace } from '@portico/telemetry'
import { addressKey } from '../accounts/address.ts'
import type { Route } from '../context.ts'

/**
 * Only writes down what was asked for. Whether the address has an account is looked up after the answer
 * (`reset-mailer.ts`): before it there is nothing whose time could tell.
 */
export const requestPasswordResetRoute: Route = (app, { clock, transact, resetMailer }) => {
  app.route({
    ...requestPasswordReset,
    handler: request =>
      transact(request, async ({ resets, afterCommit }) => {
        const { traceparent = null, tracestate = null } = injectTrace()
        const emailKey = addressKey(request.body.email)
        await resets.request({ id: uuidv7(), emailKey, traceparent, tracestate }, clock())
        afterCommit(() => resetMailer.wake())
        return { status: 'reset_requested' as const }
      }),
  })
}
