import type { Principal } from '@portico/identity'
import { LRUCache } from 'lru-cache'
import type { Visit } from './visit.ts'

/** A session that was exchanged: who it is, and the token that says so inside. */
export interface Session {
  readonly principal: Principal
  readonly internalToken: string
  readonly expiresAtMs: number
}

export interface Sessions {
  /** `key` is the SHA-256 of the session's secret. Undefined: not known, or not to be trusted now. Null: known as dead. */
  known(key: string): Session | null | undefined
  /** Asks; several requests with one session share one question. Rejects when nobody can tell. */
  exchange(key: string, token: string, visit: Visit): Promise<Session | null>
  revoke(userId: string, sessionIds: readonly string[] | null): void
  beat(): void
  /** Whether news of revocations are heard now. */
  isHeard(): boolean
  /** Sessions kept, for metrics. */
  size(): number
}

/** Asks the service that knows sessions. Null: it is none. Throws when the service cannot be asked. */
export type AskExchange = (token: string, visit: Visit) => Promise<Session | null>

export interface SessionCacheOptions {
  clock: () => number
  ask: AskExchange
  /** Silence for longer than this: revocations may have been missed. Null while no contract says. */
  silenceMs: () => number | null
  /** Sessions kept at most. */
  most?: number
  /** How long a secret that is no session is remembered as such. */
  deadForMs?: number
}

/** A token is not used in its last moments: it must live through the request upstream. */
const marginMs = 5_000

/**
 * Exchanged sessions, each until its internal token ends. A broadcast revocation drops them at once. When the beat that
 * proves the broadcasts are heard falls silent, nothing kept is believed: each request asks again.
 */
export function createSessions({
  clock,
  ask,
  silenceMs,
  most = 50_000,
  deadForMs = 2_000,
}: SessionCacheOptions): Sessions {
  const live = new LRUCache<string, Session>({ max: most })
  const dead = new LRUCache<string, number>({ max: most })
  const asking = new Map<string, Promise<Session | null>>()
  let lastBeatMs = Number.NEGATIVE_INFINITY
  let revocations = 0

  function isHeard(): boolean {
    const limitMs = silenceMs()
    return limitMs !== null && clock() - lastBeatMs <= limitMs
  }

  async function askOnce(key: string, token: string, visit: Visit): Promise<Session | null> {
    const revocationsBefore = revocations
    const session = await ask(token, visit)
    if (session === null) dead.set(key, clock() + deadForMs)
    else dead.delete(key)
    // A revocation that came meanwhile may be of this session: use the answer once, do not keep it.
    if (session !== null && revocations === revocationsBefore) live.set(key, session)
    return session
  }

  return {
    known(key) {
      const session = live.get(key)
      if (session !== undefined && session.expiresAtMs - marginMs > clock()) return isHeard() ? session : undefined
      const deadUntilMs = dead.get(key)
      return deadUntilMs !== undefined && deadUntilMs > clock() ? null : undefined
    },
    exchange(key, token, visit) {
      const waiting = asking.get(key)
      if (waiting !== undefined) return waiting
      const question = askOnce(key, token, visit).finally(() => {
        if (asking.get(key) === question) asking.delete(key)
      })
      asking.set(key, question)
      return question
    },
    revoke(userId, sessionIds) {
      revocations += 1
      // Who asks from now on must not be told what was true before.
      asking.clear()
      for (const [key, { principal }] of live.entries()) {
        if (principal.userId !== userId) continue
        if (sessionIds === null || sessionIds.includes(principal.sessionId)) live.delete(key)
      }
    },
    beat() {
      // What was said during the silence is not said again for long: nothing kept from before it can be believed.
      if (!isHeard()) live.clear()
      lastBeatMs = clock()
    },
    isHeard,
    size: () => live.size,
  }
}
