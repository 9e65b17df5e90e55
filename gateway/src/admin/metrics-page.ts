import { durationBuckets } from '@portico/telemetry'
import type { Context } from '../context.ts'

/** The gateway's own numbers in OpenMetrics text, written from plain counters when somebody looks. */
export async function metricsPage(context: Context): Promise<{ contentType: string; body: string }> {
  const { contentType, body } = await context.telemetry.metrics.page()
  const own = [...requestLines(context), ...upstreamLines(context), ...edgeLines(context)].join('\n')
  const end = body.lastIndexOf('# EOF')
  return { contentType, body: end < 0 ? `${body}${own}\n` : `${body.slice(0, end)}${own}\n# EOF\n` }
}

type Labels = Readonly<Record<string, string | number>>

function labelled(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
const escaped = (text: string) => text.replace(/[\\"\n]/g, found => (found === '\n' ? '\\n' : `\\${found}`))

function head(name: string, type: 'counter' | 'gauge' | 'histogram', help: string): string[] {
  // OpenMetrics: the family of `x_total` is `x`.
  const family = type === 'counter' ? name.replace(/_total$/, '') : name
  return [`# HELP ${family} ${help}`, `# TYPE ${family} ${type}`]
}

function histogram(
  name: string,
  labels: Labels,
  bounds: readonly number[],
  counts: readonly number[],
  sum: number,
): string[] {
  let cumulative = 0
  const lines = bounds.map((bound, index) => {
    cumulative += counts[index] ?? 0
    return `${name}_bucket${labelled({ ...labels, le: bound })} ${cumulative}`
  })
  const all = cumulative + (counts[bounds.length] ?? 0)
  return [
    ...lines,
    `${name}_bucket${labelled({ ...labels, le: '+Inf' })} ${all}`,
    `${name}_sum${labelled(labels)} ${sum}`,
    `${name}_count${labelled(labels)} ${all}`,
  ]
}

function requestLines({ answered }: Context): string[] {
  const duration = 'http_server_request_duration_seconds'
  const lines = head(duration, 'histogram', 'From the first line of a request to the last byte of its answer')
  const bytes = head('http_server_response_body_bytes_total', 'counter', 'Bytes of answers')
  for (const { method, route, status, errorType, buckets, sumSeconds, bytesOut } of answered()) {
    const labels = {
      http_request_method: method,
      http_route: route,
      http_response_status_code: status,
      error_type: errorType,
    }
    lines.push(...histogram(duration, labels, durationBuckets, buckets, sumSeconds))
    bytes.push(`http_server_response_body_bytes_total${labelled(labels)} ${bytesOut}`)
  }
  return [...lines, ...bytes]
}

function upstreamLines({ upstreams, forwarder }: Context): string[] {
  const duration = 'portico_upstream_duration_seconds'
  const latency = head(duration, 'histogram', 'From sending to a replica to the head of its answer')
  const replicas = upstreams
    .all()
    .flatMap(upstream => upstream.snapshot().replicas.map(replica => ({ upstream, replica })))
  const lanes = forwarder.snapshot()
  for (const { upstream, replica } of replicas) {
    const labels = { service: upstream.service, replica: replica.id, version: replica.version }
    const { sumMs, count, buckets } = replica.latency
    for (const { upToMs, count: below } of buckets)
      latency.push(`${duration}_bucket${labelled({ ...labels, le: upToMs / 1_000 })} ${below}`)
    latency.push(
      `${duration}_bucket${labelled({ ...labels, le: '+Inf' })} ${count}`,
      `${duration}_sum${labelled(labels)} ${sumMs / 1_000}`,
      `${duration}_count${labelled(labels)} ${count}`,
    )
  }
  const perReplica = (
    name: string,
    type: 'counter' | 'gauge',
    help: string,
    value: (one: (typeof replicas)[number]['replica']) => number,
  ) => [
    ...head(name, type, help),
    ...replicas.map(
      ({ upstream, replica }) =>
        `${name}${labelled({ service: upstream.service, replica: replica.id, version: replica.version })} ${value(replica)}`,
    ),
  ]
  const perService = (
    name: string,
    type: 'counter' | 'gauge',
    help: string,
    value: (one: (typeof lanes)[number]) => number,
  ) => [...head(name, type, help), ...lanes.map(lane => `${name}${labelled({ service: lane.service })} ${value(lane)}`)]
  return [
    ...latency,
    ...perReplica('portico_upstream_requests_total', 'counter', 'Requests sent to a replica', one => one.requests),
    ...perReplica('portico_upstream_failures_total', 'counter', 'Requests that a replica failed', one => one.failures),
    ...perReplica('portico_upstream_ejections_total', 'counter', 'How often it was set aside', one => one.ejections),
    ...perReplica(
      'portico_upstream_in_flight',
      'gauge',
      'Requests it is working on for this gateway',
      one => one.inFlight,
    ),
    ...perReplica('portico_upstream_weight', 'gauge', 'Its share of the traffic', one => one.weight),
    ...perReplica('portico_upstream_usable', 'gauge', '1: healthy, not ejected, not draining', one =>
      Number(one.health !== 'unhealthy' && one.ejectedForMs === 0 && !one.draining),
    ),
    ...perService('portico_retries_total', 'counter', 'Requests sent again', lane => lane.retries),
    ...perService('portico_hedges_total', 'counter', 'Slow reads sent to a second replica', lane => lane.hedges),
    ...perService(
      'portico_hedges_won_total',
      'counter',
      'Those in which the second was faster',
      lane => lane.hedgesWon,
    ),
    ...perService('portico_shed_total', 'counter', 'Requests refused to keep the others fast', lane => lane.shed),
    ...perService('portico_parked', 'gauge', 'Requests that wait for a replica', lane => lane.parked),
    ...perService('portico_concurrency_limit', 'gauge', 'Requests that may be under way', lane => lane.limit),
    ...perService('portico_breaker_open', 'gauge', '1: the service is given a rest', lane =>
      Number(lane.breaker === 'open'),
    ),
  ]
}

function edgeLines({ sessions, directory, bus }: Context): string[] {
  const gauge = (name: string, help: string, value: number) => [...head(name, 'gauge', help), `${name} ${value}`]
  return [
    ...gauge('portico_sessions_kept', 'Exchanged sessions kept', sessions.size()),
    ...gauge('portico_routes', 'Routes in the table', directory.table.routes.length),
    ...gauge('portico_routes_refused', 'Routes that were not taken in', directory.table.refused.length),
    ...gauge('portico_nats_connected', '1: news of replicas and sessions are heard', Number(bus.isConnected())),
  ]
}
