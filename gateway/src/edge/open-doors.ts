import type { Sessions } from './session-cache.ts'
import type { Visit } from './visit.ts'

/** What stays open for long under one session: event streams, sockets, uploads on their way. */
export interface OpenDoors {
  /** `shut` is called once at most, when the session ends before the door closes by itself. Returns: it closed. */
  open(visit: Visit, shut: () => void): () => void
  /** Shuts the doors of these sessions, or with null all of the account. */
  shut(userId: string, sessionIds: readonly string[] | null): void
  readonly size: number
  close(): void
}

interface Door {
  readonly visit: Visit
  readonly shut: () => void
}

/**
 * A revocation must reach whoever is inside already. As long as news of revocations are heard, they shut the doors; in
 * silence each session with an open door is asked for again, every `everyMs` and `mostAsked` at a time.
 */
export function createOpenDoors({
  sessions,
  everyMs = 1_000,
  mostAsked = 100,
}: {
  sessions: Pick<Sessions, 'isHeard' | 'exchange'>
  everyMs?: number
  mostAsked?: number
}): OpenDoors {
  const byUser = new Map<string, Set<Door>>()
  let size = 0

  function leave(userId: string, door: Door): boolean {
    const doors = byUser.get(userId)
    if (!doors?.delete(door)) return false
    size -= 1
    if (doors.size === 0) byUser.delete(userId)
    return true
  }

  function shut(userId: string, sessionIds: readonly string[] | null): void {
    for (const door of [...(byUser.get(userId) ?? [])]) {
      const sessionId = door.visit.principal?.sessionId ?? ''
      if ((sessionIds === null || sessionIds.includes(sessionId)) && leave(userId, door)) door.shut()
    }
  }

  async function askAgain(visit: Visit): Promise<void> {
    const { principal, sessionKey, sessionToken } = visit
    if (principal === null) return
    // Who cannot be asked says nothing: the door stays open until somebody can.
    const session = await sessions.exchange(sessionKey, sessionToken, visit).catch(() => undefined)
    if (session === null) shut(principal.userId, [principal.sessionId])
  }

  const timer = setInterval(() => {
    if (sessions.isHeard()) return
    const asked = new Map<string, Visit>()
    for (const doors of byUser.values()) {
      for (const { visit } of doors) if (asked.size < mostAsked) asked.set(visit.sessionKey, visit)
    }
    for (const visit of asked.values()) void askAgain(visit)
  }, everyMs)
  timer.unref()

  return {
    open(visit, shutIt) {
      const userId = visit.principal?.userId
      if (userId === undefined) return () => {}
      const door = { visit, shut: shutIt }
      byUser.set(userId, (byUser.get(userId) ?? new Set()).add(door))
      size += 1
      return () => void leave(userId, door)
    },
    shut,
    get size() {
      return size
    },
    close: () => clearInterval(timer),
  }
}
