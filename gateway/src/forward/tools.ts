import type { Tracer } from '@opentelemetry/api'
import type { Sweep } from './sweep.ts'

/** What exchanges share. */
export interface ExchangeTools {
  readonly clock: () => number
  readonly random: () => number
  readonly tracer: Tracer
  readonly sweep: Sweep
  readonly bounds: ExchangeBounds
}

export interface ExchangeBounds {
  /** How often one request may be sent at all, counting those that never left. */
  readonly sends: number
  /** How often it may reach a replica. */
  readonly repeats: number
  /** How long a request waits for a replica to come. */
  readonly parkingMs: number
  /** How long a body may stand still: the client's, and the answer on either side. Event streams may for ever. */
  readonly silenceMs: number
  /** No hedge before this, however fast the route is. */
  readonly hedgeFloorMs: number
}
