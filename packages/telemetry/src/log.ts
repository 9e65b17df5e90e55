import { once } from 'node:events'
import { context, isSpanContextValid, trace } from '@opentelemetry/api'
import { type DestinationStream, type Logger, pino } from 'pino'
import { redact, redactText } from './redact.ts'

export interface LogOptions {
  service: string
  instance: string
  level: string
  destination: DestinationStream
}

/** JSON lines: `time` (RFC 3339), `level`, `service`, `instance`, `traceId` and `spanId` when there is a span, `msg`. */
export function createLog({ service, instance, level, destination }: LogOptions): Logger {
  const log = pino(
    {
      level,
      base: { service, instance },
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: traceOfLine,
      formatters: {
        level: label => ({ level: label }),
        log: redact,
      },
      serializers: { err: errorAsData, error: errorAsData },
    },
    destination,
  )
  return withCleanChildren(log)
}

/** Children inherit it. (A `bindings` formatter would be the place, but pino resets it in each child.) */
function withCleanChildren(log: Logger): Logger {
  const child = log.child
  log.child = function cleanChild(this: Logger, bindings, options) {
    return child.call(this, redact(bindings), options)
  } as typeof child
  return log
}

export interface Output extends DestinationStream {
  /** Writes what waits, within half a second; what is logged after that is lost. */
  close(): Promise<void>
}

const closeMs = 500

/**
 * Standard output without blocking: a reader that stalls must not stop the process, and what it does not take may not
 * grow without bound either; beyond the bound lines are lost. Lines wait for each other, at most 100 ms: a write for each
 * one was a tenth of the CPU of a small request. What waits is written when the process exits.
 */
export function standardOutput(limitBytes = 8 * 1_024 * 1_024): Output {
  const stream = pino.destination({ dest: 1, sync: false, maxLength: limitBytes, minLength: 4_096, periodicFlush: 100 })
  let closed = false
  return {
    write(line) {
      if (!closed) stream.write(line)
    },
    async close() {
      if (closed) return
      closed = true
      const ended = once(stream, 'close', { signal: AbortSignal.timeout(closeMs) })
      stream.end()
      await ended.catch(() => {})
    },
  }
}

function traceOfLine(): object {
  const spanContext = trace.getSpanContext(context.active())
  return spanContext && isSpanContextValid(spanContext)
    ? { traceId: spanContext.traceId, spanId: spanContext.spanId }
    : {}
}

const deepestCause = 4

/**
 * An error's name, code, message, stack and causes, and no other property: drivers hang rows and connection settings
 * on theirs.
 */
export function errorAsData(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return redact(error)
  const code: unknown = 'code' in error ? error.code : undefined
  return {
    type: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    message: redactText(error.message),
    stack: redactText(error.stack ?? ''),
    ...(error.cause === undefined || depth >= deepestCause ? {} : { cause: errorAsData(error.cause, depth + 1) }),
  }
}
