import { Counter, collectDefaultMetrics, Gauge, Histogram, type OpenMetricsContentType, Registry } from 'prom-client'

/** Seconds; the buckets that the semantic conventions of HTTP name for durations. */
export const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/**
 * The process's Prometheus metrics. Names are the semantic conventions' with underscores and a unit:
 * `http.server.request.duration` is `http_server_request_duration_seconds`. Asking twice for a name gives the same
 * metric, so that two pools or two consumers can share one.
 */
export interface Metrics {
  readonly registry: Registry<OpenMetricsContentType>
  counter<Label extends string>(name: string, help: string, labels: readonly Label[]): Counter<Label>
  gauge<Label extends string>(name: string, help: string, labels: readonly Label[]): Gauge<Label>
  histogram<Label extends string>(
    name: string,
    help: string,
    labels: readonly Label[],
    options?: { buckets?: readonly number[]; exemplars?: boolean },
  ): Histogram<Label>
  /** Calls back whenever the metrics are read, to set a gauge from what is true now. Several under one name add up. */
  observe(name: string, help: string, value: () => number): void
  /** The page of `/metrics` and its Content-Type; OpenMetrics carries the exemplars. */
  page(): Promise<{ contentType: string; body: string }>
}

export function createMetrics({ processMetrics }: { processMetrics: boolean }): Metrics {
  const registry = new Registry<OpenMetricsContentType>()
  const observed = new Map<string, (() => number)[]>()
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  if (processMetrics) collectDefaultMetrics({ register: registry })

  return {
    registry,
    counter: (name, help, labels) =>
      known(registry, name, Counter) ?? new Counter({ name, help, labelNames: [...labels], registers: [registry] }),
    gauge: (name, help, labels) =>
      known(registry, name, Gauge) ?? new Gauge({ name, help, labelNames: [...labels], registers: [registry] }),
    histogram: (name, help, labels, { buckets = durationBuckets, exemplars = false } = {}) =>
      known(registry, name, Histogram) ??
      new Histogram({
        name,
        help,
        labelNames: [...labels],
        buckets: [...buckets],
        enableExemplars: exemplars,
        registers: [registry],
      }),
    observe(name, help, value) {
      const values = observed.get(name) ?? []
      values.push(value)
      if (values.length > 1) return
      observed.set(name, values)
      new Gauge({
        name,
        help,
        registers: [registry],
        collect() {
          this.set(values.reduce((sum, read) => sum + read(), 0))
        },
      })
    },
    page: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  }
}

// prom-client refuses a second metric of the same name, and keeps the first without its type.
function known<M>(
  registry: Registry<OpenMetricsContentType>,
  name: string,
  kind: abstract new (...args: never[]) => M,
): M | undefined {
  const metric: unknown = registry.getSingleMetric(name)
  if (metric === undefined) return undefined
  if (metric instanceof kind) return metric
  throw new TypeError(`${name} is already a metric of another kind`)
}
