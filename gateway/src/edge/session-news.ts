import type { Bus } from '@portico/messaging'
import { Type } from 'typebox'
import type { Directory } from '../discovery/directory.ts'
import type { Sessions } from './session-cache.ts'

const Revoked = Type.Object({
  userId: Type.String(),
  sessionIds: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])),
})
const Beat = Type.Object({})

/**
 * Hears of ended sessions on the subjects that the exchanger's contract names. A subject of another service is not
 * believed: it could end everybody's sessions, or keep dead ones alive.
 */
export function hearSessionNews({
  bus,
  directory,
  sessions,
  onRevoked,
}: {
  bus: Pick<Bus, 'listen'>
  directory: Directory
  sessions: Sessions
  onRevoked: (userId: string, sessionIds: readonly string[] | null) => void
}): { silenceMs(): number | null; close(): void } {
  let heard = ''
  let silenceMs: number | null = null
  let stop: (() => void)[] = []

  function follow(): void {
    const offer = directory.exchanger()
    const { revokedSubject, beatSubject, beatMs } = offer?.exchange ?? {
      revokedSubject: '',
      beatSubject: '',
      beatMs: 0,
    }
    const prefix = `broadcast.${offer?.service}.`
    const isOwn = revokedSubject.startsWith(prefix) && beatSubject.startsWith(prefix)
    silenceMs = isOwn ? beatMs * 3 : null
    if (!isOwn || heard === `${revokedSubject} ${beatSubject}`) return
    heard = `${revokedSubject} ${beatSubject}`
    for (const end of stop) end()
    const service = offer?.service ?? ''
    stop = [
      bus.listen(
        { subject: revokedSubject, service, schema: Revoked, description: 'Sessions ended' },
        ({ userId, sessionIds = null }) => {
          sessions.revoke(userId, sessionIds)
          onRevoked(userId, sessionIds)
        },
      ),
      bus.listen({ subject: beatSubject, service, schema: Beat, description: 'Revocations are heard' }, () =>
        sessions.beat(),
      ),
    ]
  }
  directory.onChange(follow)
  follow()
  return {
    silenceMs: () => silenceMs,
    close() {
      for (const end of stop) end()
    },
  }
}
