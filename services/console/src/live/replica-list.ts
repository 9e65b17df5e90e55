import { type Announcement, announcementTiming } from '@portico/contracts'
import type { ReplicaState } from '@portico/contracts/console'

export interface ReplicaList {
  heard(announcement: Announcement): void
  all(): ReplicaState[]
}

/** How long one that is silent is still shown: long enough for an operator to see that it is gone. */
const forgetAfterMs = 5 * 60_000
const most = 1_000

/** Who announced itself, and when last. */
export function createReplicaList(clock: () => Date): ReplicaList {
  const heardOf = new Map<string, { announcement: Announcement; atMs: number }>()

  return {
    heard(announcement) {
      const key = `${announcement.service}/${announcement.instance}`
      if (heardOf.size < most || heardOf.has(key)) heardOf.set(key, { announcement, atMs: clock().getTime() })
    },
    all() {
      const nowMs = clock().getTime()
      for (const [key, { atMs }] of heardOf) if (nowMs - atMs > forgetAfterMs) heardOf.delete(key)
      return [...heardOf.values()]
        .map(({ announcement, atMs }) => ({
          ...announcement,
          seenAt: new Date(atMs).toISOString(),
          state: stateOf(announcement, nowMs - atMs),
        }))
        .sort((a, b) => a.service.localeCompare(b.service) || a.instance.localeCompare(b.instance))
    },
  }
}

function stateOf({ draining }: Announcement, silentMs: number): ReplicaState['state'] {
  if (silentMs > announcementTiming.silenceMs) return 'silent'
  return draining ? 'draining' : 'serving'
}
