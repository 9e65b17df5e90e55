import type { ProblemError } from '@portico/contracts'
import type { Ongoing } from '../../forward/target.ts'
import type { AnswerHeads } from '../answer-head.ts'
import type { Compressor } from '../compression.ts'
import type { Report } from '../report.ts'
import type { Fill, FillStart } from './fill.ts'
import type { Removals } from './removals.ts'
import type { Room } from './room.ts'
import type { Serve } from './serve.ts'
import type { Store } from './store.ts'

/** What fills share. */
export interface FillTools {
  readonly store: Store
  readonly removals: Removals
  readonly room: Room
  readonly serve: Serve
  readonly heads: AnswerHeads
  readonly report: Report
  /** Null: answers go as they come. */
  readonly compressor: Compressor | null
  /** Milliseconds since 1970. */
  readonly wallClock: () => number
  /** How many may wait for one answer. */
  readonly mostWaiters: number
  readonly send: (start: FillStart, fill: Fill, settle: (problem: ProblemError | null) => void) => Ongoing
  /** Answers to this key are not for several: nobody is made to wait for one, for a while. */
  readonly notShared: (key: string) => void
  readonly settled: (fill: Fill) => void
}
