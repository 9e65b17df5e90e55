import type { Telemetry } from '@portico/telemetry'
import type { Forwarder, ForwardTarget } from '../../forward/target.ts'
import type { AnswerHeads } from '../answer-head.ts'
import type { Compressor } from '../compression.ts'
import type { Report } from '../report.ts'
import type { Visit } from '../visit.ts'
import { createCodings } from './codings.ts'
import { createFills } from './fills.ts'
import { createRemovals } from './removals.ts'
import { createResponseCache, type ResponseCache } from './response-cache.ts'
import { createRoom } from './room.ts'
import { createServe } from './serve.ts'
import { createStore } from './store.ts'

export interface CacheOptions {
  /** Of all kept answers together. */
  readonly limitBytes: number
  readonly forwarder: Pick<Forwarder, 'stream'>
  readonly targetOf: (visit: Visit) => ForwardTarget
  readonly heads: AnswerHeads
  readonly report: Report
  readonly compressor: Compressor | null
  readonly telemetry: Pick<Telemetry, 'tracer'>
  /** Monotonic milliseconds. */
  readonly clock: () => number
  /** Milliseconds since 1970. */
  readonly wallClock: () => number
}

const largestEntryBytes = 4 * 1_024 * 1_024

/** The response cache, put together. */
export function openCache(options: CacheOptions): ResponseCache {
  const { limitBytes, forwarder, targetOf, heads, report, compressor, telemetry, clock, wallClock } = options
  const store = createStore(limitBytes)
  const removals = createRemovals()
  const room = createRoom({
    entryBytes: Math.min(largestEntryBytes, Math.ceil(limitBytes / 8)),
    totalBytes: Math.ceil(limitBytes / 2),
  })
  const codings = createCodings(compressor, store)
  const serve = createServe({ wallClock, report, codings })
  const tools = { store, removals, room, serve, heads, report, compressor, wallClock, mostWaiters: 1_000 }
  const fills = createFills({ tools, forwarder, targetOf, telemetry, clock })
  return createResponseCache({ store, removals, fills, serve, wallClock })
}
