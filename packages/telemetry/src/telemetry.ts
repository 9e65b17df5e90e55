import { context, type Tracer } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { DestinationStream, Logger } from 'pino'
import { createLog, standardOutput } from './log.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { createOtlpSender } from './otlp.ts'
import { createSpanQueue } from './span-queue.ts'

export interface TelemetryOptions {
  service: string
  instance: string
  version: string
  /** Base URL of an OTLP/HTTP receiver; `/v1/traces` is appended. Absent: spans are made and dropped. */
  otlpUrl?: string | undefined
  /** Share of new traces that is recorded, 0 to 1. A trace that comes in keeps its own decision. */
  sampleRatio?: number | undefined
  logLevel?: string | undefined
  /** Default: standard output. */
  logDestination?: DestinationStream | undefined
  /** The metrics of the Node process itself. Default: yes. */
  processMetrics?: boolean | undefined
}

export interface Telemetry {
  readonly tracer: Tracer
  readonly log: Logger
  readonly metrics: Metrics
  /** Sends the spans that wait. */
  flush(): Promise<void>
  /** Sends what waits, within 2 seconds, and writes the last log lines. */
  shutdown(): Promise<void>
}

/**
 * Everything one process says of itself: spans, log lines, metrics.
 *
 * @example
 * const telemetry = createTelemetry({ service: 'content', instance: 'content-1', version: '1.0.0', otlpUrl: 'http://localhost:4318' })
 */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  const { service, instance, version, otlpUrl, sampleRatio = 1, logLevel = 'info' } = options
  activateContext()
  const metrics = createMetrics({ processMetrics: options.processMetrics ?? true })
  const output = options.logDestination ? undefined : standardOutput()
  const log = createLog({
    service,
    instance,
    level: logLevel,
    destination: options.logDestination ?? output ?? process.stdout,
  })
  const sender = otlpUrl ? createOtlpSender({ url: otlpUrl }) : undefined
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': service,
      'service.namespace': 'portico',
      'service.instance.id': instance,
      'service.version': version,
      'telemetry.sdk.language': 'nodejs',
      'telemetry.sdk.name': 'opentelemetry',
    }),
    // Without a receiver nothing is recorded, but ids are still made: log lines and problems name their trace.
    sampler: sender
      ? new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) })
      : new AlwaysOffSampler(),
    spanLimits: { attributeValueLengthLimit: 4_096, attributeCountLimit: 64, eventCountLimit: 32, linkCountLimit: 32 },
    spanProcessors: sender ? [createSpanQueue({ send: sender.send, metrics })] : [],
  })

  return {
    tracer: provider.getTracer('portico', version),
    log,
    metrics,
    flush: () => provider.forceFlush(),
    async shutdown() {
      await provider.shutdown()
      sender?.close()
      await output?.close()
    },
  }
}

/** For tests that do not look: no lines, no spans sent, no process metrics. */
export function silentTelemetry(): Telemetry {
  return createTelemetry({
    service: 'test',
    instance: 'test-1',
    version: '0.0.0',
    logLevel: 'silent',
    logDestination: { write() {} },
    processMetrics: false,
  })
}

// The API keeps one context manager for the process; a second telemetry in it (as in tests) uses the first one's.
let contextIsActive = false
function activateContext() {
  if (contextIsActive) return
  contextIsActive = context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
}
