import type { Score } from '../balancing/balancer.ts'

/** Why a request went where it went: the value of `Portico-Explain`, and of the log. */
export interface Explanation {
  readonly service: string
  readonly strategy: string
  readonly steps: readonly Step[]
}

/** One thing that the forwarder did for the request, in order. */
export interface Step {
  /** Since the request came to the forwarder. */
  readonly atMs: number
  readonly did: 'sent' | 'hedged' | 'waited' | 'parked'
  readonly replica?: string
  /** Who was considered; lower is better. */
  readonly scores?: readonly Score[]
  /** How it ended: a status, or the kind of failure. Absent while it is under way. */
  outcome?: string
  tookMs?: number
}
