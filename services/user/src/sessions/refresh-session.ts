import { answer } from '@portico/chassis'
import { RefreshInvalid, refreshSession } from '@portico/contracts/user'
import type { Context, Route } from '../context.ts'
import { challenge } from './challenge.ts'
import { expiresIn, judgeRefresh, type Session, tokenPair } from './session.ts'
import type { Presented } from './session-store.ts'
import { hashToken } from './tokens.ts'

export const refreshSessionRoute: Route = (app, context) => {
  const { clock, transact } = context
  app.route({
    ...refreshSession,
    handler: async request => {
      const hash = hashToken(request.body.refreshToken)
      const work = transact(request, async ({ sessions }) => {
        const now = clock()
        const { session } = requireRotatable(await sessions.presentForUpdate(hash), now)
        const { tokens, secrets } = tokenPair(session.id, session.expiresAt ?? now, now)
        await sessions.markUsed(hash, now)
        await sessions.addTokens(tokens)
        const { accessToken = '', refreshToken = '' } = secrets
        return answer(
          { sessionId: session.id, accessToken, refreshToken, expiresIn },
          { headers: { 'cache-control': 'no-store' } },
        )
      })
      return work.catch(async error => {
        if (error instanceof Reused) await endFamily(context, error.session)
        throw error instanceof Reused ? RefreshInvalid({ headers: challenge }) : error
      })
    },
  })
}

/** Thrown out of the transaction, which is rolled back: what it leads to must not be. */
class Reused extends Error {
  readonly session: Session

  constructor(session: Session) {
    super('A refresh token was used again')
    this.session = session
  }
}

function requireRotatable(presented: Presented | null, now: Date): Presented {
  if (presented?.token.kind !== 'refresh' || presented.account.status !== 'active')
    throw RefreshInvalid({ headers: challenge })
  const verdict = judgeRefresh(presented.token, now)
  if (verdict === 'reused') throw new Reused(presented.session)
  if (verdict === 'expired') throw RefreshInvalid({ headers: challenge })
  return presented
}

async function endFamily({ transact, clock, telemetry }: Context, { id, accountId }: Session): Promise<void> {
  await transact(async ({ sessions, revoke }) => {
    if (await sessions.remove(id, accountId)) await revoke(accountId, [id], clock())
  })
  telemetry.log.warn({ sessionId: id }, 'a refresh token was used again: the session was ended')
}
