import type { Span } from '@opentelemetry/api'
import { internalHeaders } from '@portico/contracts'
import { traceparentOf } from './attempt-span.ts'
import type { ForwardTarget } from './target.ts'

/**
 * What is new for each attempt: how long there is still time, which span is the parent, and whether it is a repeat. It stands behind the edge's
 * fields in the same array, over what the attempt before put there.
 */
export function addHopHeaders(
  { headers, deadlineAtMs, span }: ForwardTarget,
  edgeHeaders: number,
  nowMs: number,
  attemptSpan: Span | null,
  isRepeat = false,
): void {
  const leftMs = Math.max(1, Math.floor(deadlineAtMs - nowMs))
  headers.length = edgeHeaders
  headers.push(
    internalHeaders.deadline,
    String(leftMs),
    'traceparent',
    traceparentOf((attemptSpan ?? span).spanContext()),
  )
  if (isRepeat) headers.push(internalHeaders.repeat, '1')
}
