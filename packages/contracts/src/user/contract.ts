import { defineBroadcast } from '../event.ts'
import { CachePurge, cachePurgeSubject } from '../purge.ts'
import type { ServiceContract } from '../service.ts'
import * as events from './events.ts'
import * as operations from './operations/index.ts'

export const UserCachePurge = defineBroadcast(cachePurgeSubject('user'), CachePurge, {
  description: 'Profiles changed: drop the kept answers',
})

/** How often each replica says that revocations are being broadcast. */
export const sessionsBeatMs = 500

export const userContract: ServiceContract = {
  name: 'user',
  version: '0.1.0',
  description: 'Accounts, sessions, profiles and the follow graph',
  operations: Object.values(operations),
  emits: [
    events.AccountActivated,
    events.AccountChanged,
    events.AccountDeleted,
    events.VerificationRequested,
    events.SignUpRepeated,
    events.PasswordResetRequested,
    events.PasswordChanged,
    events.FollowAdded,
    events.FollowRemoved,
  ],
  broadcasts: [events.SessionsRevoked, events.SessionsBeat, UserCachePurge],
  listensTo: [],
  sessionExchange: {
    url: operations.exchangeSession.url,
    revokedSubject: events.SessionsRevoked.subject,
    beatSubject: events.SessionsBeat.subject,
    beatMs: sessionsBeatMs,
  },
}
