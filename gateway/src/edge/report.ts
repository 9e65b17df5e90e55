import type { Telemetry } from '@portico/telemetry'
import { endTrace } from './trace.ts'
import type { Visit } from './visit.ts'

/** Called once a visit, when its answer is over; `status` 0: the client left before there was one. */
export type Report = (visit: Visit, status: number, bytesOut: number) => void

type Label = 'http_request_method' | 'http_route' | 'http_response_status_code' | 'error_type'

/**
 * Span and histogram of each request. No line a request: spans and metrics hold all that it would say, and a line costs
 * as much as the rest of this file; failures are logged where they are answered.
 */
export function createReport({ metrics }: Telemetry, clock: () => number): Report {
  const duration = metrics.histogram<Label>(
    'http_server_request_duration_seconds',
    'From the request’s first line to the answer’s last byte',
    ['http_request_method', 'http_route', 'http_response_status_code', 'error_type'],
  )
  // prom-client builds a key from the labels at each observation; a bound child has it built.
  const children = new Map<string, { observe(seconds: number): void }>()

  function childOf(visit: Visit, status: number): { observe(seconds: number): void } {
    const route = visit.route?.name ?? ''
    const errorType = visit.errorCode !== '' || status !== 0 ? visit.errorCode : 'client_left'
    const key = `${route} ${status} ${errorType}`
    let child = children.get(key)
    if (child === undefined) {
      child = duration.labels({
        http_request_method: visit.route?.method ?? 'other',
        http_route: visit.route?.url ?? '',
        http_response_status_code: String(status),
        error_type: errorType,
      })
      children.set(key, child)
    }
    return child
  }

  return (visit, status) => {
    if (visit.reported) return
    visit.reported = true
    endTrace(visit, status)
    childOf(visit, status).observe((clock() - visit.startedAtMs) / 1_000)
  }
}
