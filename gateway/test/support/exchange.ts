import type { ContractDocument } from '@portico/contracts'
import { SessionsBeat, SessionsRevoked } from '@portico/contracts/user'
import type { Bus } from '@portico/messaging'
import type { TestScope } from '@portico/testkit'

/** What a stub called `accounts` says in its contract about sessions. */
export const stubExchange = {
  url: '/internal/exchange',
  revokedSubject: 'broadcast.accounts.sessions_revoked',
  beatSubject: 'broadcast.accounts.sessions_beat',
  beatMs: 200,
} as const satisfies ContractDocument['sessionExchange']

export const sessionsOf = (userId: string, sessionId: string, role = 'author') => ({
  principal: { userId, role, sessionId, handle: 'a', scopes: null },
  internalToken: 'internal',
  expiresAt: new Date(Date.now() + 60_000).toISOString(),
})

/** The stub's news: a beat each 100 ms until stopped, revocations when told. */
export function sessionNews(t: TestScope, bus: Bus) {
  const beat = { ...SessionsBeat, subject: stubExchange.beatSubject }
  const revoked = { ...SessionsRevoked, subject: stubExchange.revokedSubject }
  const say = () => bus.broadcast(beat, { at: new Date().toISOString() })
  let beating = setInterval(say, 100)
  t.after(() => clearInterval(beating))
  return {
    fallSilent: () => clearInterval(beating),
    beatAgain: () => {
      beating = setInterval(say, 100)
    },
    revoke: (userId: string, sessionIds: string[] | null) => bus.broadcast(revoked, { userId, sessionIds }),
  }
}
