import { NotSignedIn } from '@portico/contracts'
import { exchangeSession } from '@portico/contracts/user'
import type { Context, Route } from '../context.ts'
import { challenge } from './challenge.ts'
import { toDevice } from './device.ts'
import { type Device, isOver, isSeenLately, type Session } from './session.ts'
import type { Presented } from './session-store.ts'
import { hashToken } from './tokens.ts'

/** Asked by the gateway: who is this? Refreshing is the one thing a refresh token opens. */
export const exchangeSessionRoute: Route = (app, context) => {
  const { clock, reads, signer } = context
  app.route({
    ...exchangeSession,
    handler: async request => {
      const { token, address, userAgent } = request.body
      const now = clock()
      const presented = requireLive(await reads.sessions.present(hashToken(token)), now)
      const { account, session } = presented
      const principal = {
        userId: account.id,
        role: account.role,
        sessionId: session.id,
        handle: account.handle,
        scopes: null,
      }
      const signed = await signer.sign(principal)
      await see(context, session, toDevice(address, userAgent), now)
      const end = presented.token.expiresAt
      const expiresAt = end !== null && end < signed.expiresAt ? end : signed.expiresAt
      return {
        principal,
        internalToken: signed.token,
        expiresAt: expiresAt.toISOString(),
        sessionExpiresAt: end?.toISOString() ?? null,
      }
    },
  })
}

function requireLive(presented: Presented | null, now: Date): Presented {
  if (!presented || presented.token.kind === 'refresh' || presented.account.status !== 'active')
    throw NotSignedIn({ headers: challenge })
  if (isOver(presented.token.expiresAt, now) || isOver(presented.session.expiresAt, now))
    throw NotSignedIn({ headers: challenge })
  return presented
}

/** Once a minute is enough for a list of devices, and no reason to refuse anybody when it fails. */
async function see({ reads, telemetry }: Context, session: Session, device: Device, now: Date): Promise<void> {
  if (isSeenLately(session, now)) return
  try {
    await reads.sessions.see(session.id, device, now)
  } catch (error) {
    telemetry.log.warn({ err: error }, 'a session could not be marked as seen')
  }
}
