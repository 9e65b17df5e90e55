import { durationBuckets } from '@portico/telemetry'
import { endTrace } from './trace.ts'
import type { Visit } from './visit.ts'

/** Called once a visit, when its answer is over; `status` 0: the client left before there was one. */
export type Report = (visit: Visit, status: number, bytesOut: number) => void

/** What was answered, by route and status: what `/metrics` shows. */
export interface Answered {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly errorType: string
  count: number
  sumSeconds: number
  bytesOut: number
  /** One for each of `durationBuckets`, and one for the rest; not cumulative. */
  readonly buckets: number[]
}

/**
 * Span and duration of each request. No line a request: spans and metrics hold all that it would say. The numbers are
 * plain counters that are written out when somebody looks: an observation of prom-client's histogram was measured to cost
 * 1.6 us, a twentieth of the whole way through the gateway, and this costs 0.1.
 */
export function createReport(clock: () => number): { report: Report; answered(): Iterable<Answered> } {
  const byRoute = new Map<string, Map<number, Answered>>()
  const failed = new Map<string, Answered>()

  function counterOf(visit: Visit, status: number): Answered {
    const route = visit.route?.name ?? ''
    if (visit.errorCode !== '') return remembered(failed, `${route} ${status} ${visit.errorCode}`, visit, status)
    let statuses = byRoute.get(route)
    if (statuses === undefined) {
      statuses = new Map()
      byRoute.set(route, statuses)
    }
    return remembered(statuses, status, visit, status)
  }

  const report: Report = (visit, status, bytesOut) => {
    if (visit.reported) return
    visit.reported = true
    endTrace(visit, status)
    const seconds = (clock() - visit.startedAtMs) / 1_000
    const counter = counterOf(visit, status)
    counter.count += 1
    counter.sumSeconds += seconds
    counter.bytesOut += bytesOut
    let bucket = 0
    while (bucket < durationBuckets.length && seconds > (durationBuckets[bucket] ?? 0)) bucket += 1
    counter.buckets[bucket] = (counter.buckets[bucket] ?? 0) + 1
  }
  return {
    report,
    *answered() {
      for (const statuses of byRoute.values()) yield* statuses.values()
      yield* failed.values()
    },
  }
}

function remembered<Key>(counters: Map<Key, Answered>, key: Key, visit: Visit, status: number): Answered {
  const known = counters.get(key)
  if (known !== undefined) return known
  const counter = {
    method: visit.route?.method ?? 'other',
    route: visit.route?.url ?? '',
    status,
    errorType: status === 0 && visit.errorCode === '' ? 'client_left' : visit.errorCode,
    count: 0,
    sumSeconds: 0,
    bytesOut: 0,
    buckets: new Array<number>(durationBuckets.length + 1).fill(0),
  }
  counters.set(key, counter)
  return counter
}
