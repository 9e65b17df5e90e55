import { SessionsBeat, SessionsRevoked, sessionsBeatMs } from '@portico/contracts/user'
import type { Bus } from '@portico/messaging'
import type { Telemetry } from '@portico/telemetry'
import type { Revocation, RevocationStore } from './revocation-store.ts'

/** How far back each beat looks; longer than any transaction that ends a session may take to commit. */
const lookBackMs = 30_000
/** A revocation is told with so many beats by each replica: a gateway may have been away for some of them. */
const timesTold = 6
const mostAtOnce = 1_000

export interface RevocationsOptions {
  revocations: Pick<RevocationStore, 'since'>
  bus: Pick<Bus, 'broadcast' | 'isConnected'>
  clock: () => Date
  telemetry: Pick<Telemetry, 'log'>
}

/**
 * Says twice a second that revocations are being told, and tells them again first. The broadcast after a commit is fast
 * but may be lost: its replica may die or be cut off from NATS between the two, while another one goes on beating. So the
 * truth is in the table, and a replica that cannot read it does not beat: gateways then trust no cache.
 */
export function createRevocations({ revocations, bus, clock, telemetry }: RevocationsOptions) {
  const told = new Map<string, number>()
  let timer: NodeJS.Timeout | undefined
  let beating: Promise<void> = Promise.resolve()
  let failing = false

  function tell({ userId, sessionIds }: Pick<Revocation, 'userId' | 'sessionIds'>) {
    bus.broadcast(SessionsRevoked, { userId, sessionIds })
  }

  async function beat() {
    if (!bus.isConnected()) return
    try {
      const recent = await revocations.since(new Date(clock().getTime() - lookBackMs), mostAtOnce)
      for (const revocation of recent) tellAgain(revocation)
      forgetOld(recent)
      bus.broadcast(SessionsBeat, { at: clock().toISOString() })
      failing = false
    } catch (error) {
      if (!failing) telemetry.log.warn({ err: error }, 'revocations cannot be read: the beat stops')
      failing = true
    }
  }

  function tellAgain(revocation: Revocation) {
    const times = told.get(revocation.id) ?? 0
    if (times >= timesTold) return
    told.set(revocation.id, times + 1)
    tell(revocation)
  }

  function forgetOld(recent: readonly Revocation[]) {
    const known = new Set(recent.map(({ id }) => id))
    for (const id of told.keys()) if (!known.has(id)) told.delete(id)
  }

  function plan() {
    timer = setTimeout(() => {
      beating = beat().finally(() => {
        if (timer) plan()
      })
    }, sessionsBeatMs)
  }

  return {
    tell,
    start: plan,
    async stop() {
      clearTimeout(timer)
      timer = undefined
      await beating
    },
  }
}
export type Revocations = ReturnType<typeof createRevocations>
