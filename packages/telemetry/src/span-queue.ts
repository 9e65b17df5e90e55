import { TraceFlags } from '@opentelemetry/api'
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace'
import type { Metrics } from './metrics.ts'
import type { SendSpans } from './otlp.ts'

export interface SpanQueueOptions {
  send: SendSpans
  metrics: Metrics
  /** Spans held at most, those under way included. Beyond it new ones are dropped and counted. */
  limit?: number
  batch?: number
  /** How long a span waits for company. */
  everyMs?: number
  /** How long a failed batch waits before it is sent again; doubled up to 16 times that. */
  retryMs?: number
  /** Bound of the last flush. */
  shutdownMs?: number
}

/**
 * Sends ended spans in batches, one at a time, and keeps what could not be sent: with the receiver gone it holds the
 * oldest `limit` spans and sends them on its return. (The SDK's own BatchSpanProcessor forgets a batch that failed.)
 */
export function createSpanQueue(options: SpanQueueOptions): SpanProcessor {
  const { send, metrics, limit = 8_192, batch = 512, everyMs = 250, retryMs = 500, shutdownMs = 2_000 } = options
  const processed = metrics.counter(
    'otel_sdk_processor_span_processed_total',
    'Spans done with; error_type is empty for those that arrived',
    ['error_type'],
  )
  let waiting: ReadableSpan[] = []
  let underWay = 0
  let failures = 0
  let timer: NodeJS.Timeout | undefined
  let sending: Promise<void> | undefined
  let closed = false
  const stop = new AbortController()

  metrics.observe('otel_sdk_processor_span_queue_size', 'Spans that wait for their export', () => waiting.length)

  function wakeIn(ms: number) {
    timer ??= setTimeout(() => {
      timer = undefined
      void next()
    }, ms).unref()
  }

  /** The batch under way, or the next one. */
  function next(): Promise<void> {
    sending ??= sendOne().finally(() => {
      sending = undefined
      if (waiting.length > 0 && !closed) wakeIn(pause())
    })
    return sending
  }

  function pause() {
    if (failures > 0) return retryMs * 2 ** Math.min(failures - 1, 4)
    return waiting.length >= batch ? 0 : everyMs
  }

  async function sendOne() {
    const spans = waiting.splice(0, batch)
    underWay = spans.length
    const outcome = await send(spans, stop.signal)
    underWay = 0
    if (outcome === 'sent') processed.inc({ error_type: '' }, spans.length)
    if (outcome === 'refused') processed.inc({ error_type: 'refused' }, spans.length)
    if (outcome === 'failed') waiting = [...spans, ...waiting]
    failures = outcome === 'failed' ? failures + 1 : 0
  }

  async function flush() {
    await sending
    for (let left = Math.ceil(waiting.length / batch); left > 0; left--) await next()
  }

  async function shutdown() {
    if (closed) return
    closed = true
    clearTimeout(timer)
    const giveUp = setTimeout(() => stop.abort(), shutdownMs)
    await flush()
    clearTimeout(giveUp)
    if (waiting.length > 0) processed.inc({ error_type: 'shutdown' }, waiting.length)
    waiting = []
  }

  return {
    onStart() {},
    onEnd(span) {
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return
      if (closed) return processed.inc({ error_type: 'shutdown' })
      if (waiting.length + underWay >= limit) return processed.inc({ error_type: 'queue_full' })
      waiting.push(span)
      if (!sending && failures === 0) wakeIn(waiting.length >= batch ? 0 : everyMs)
    },
    forceFlush: flush,
    shutdown,
  }
}
