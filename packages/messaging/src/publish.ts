import { jetstream } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import type { Telemetry } from '@portico/telemetry'
import { headersOf } from './bus.ts'
import type { OutboxRow, PublishedRow } from './outbox-rows.ts'
import { eventHeaders } from './subjects.ts'

const inFlightAtMost = 64
const ackTimeoutMs = 3_000

export interface PublishOutcome {
  published: PublishedRow[]
  /** Why not all of them, if so. */
  failure: unknown
}

/**
 * Publishes the rows, given in order, and waits for JetStream's word on each. Keys go side by side; within a key the next
 * is sent when the one before is acknowledged, and none after one that was not: the stream never holds a key's events in
 * another order. The first failure ends the batch, so that it is bounded by one timeout and not by many.
 */
export async function publishRows(options: {
  client: NatsConnection
  stream: string
  rows: readonly OutboxRow[]
  telemetry: Telemetry
}): Promise<PublishOutcome> {
  const { client, stream, rows, telemetry } = options
  const counted = telemetry.metrics.counter('portico_events_published_total', 'Events acknowledged by JetStream', [
    'subject',
  ])
  const js = jetstream(client, { timeout: ackTimeoutMs })
  const published: PublishedRow[] = []
  let failure: unknown
  const lanes = byKey(rows)

  async function drainLanes() {
    for (let lane = lanes.pop(); lane; lane = lanes.pop()) {
      for (const row of lane) {
        if (failure !== undefined) return
        const ack = await js.publish(row.subject, row.payload, {
          headers: headersOf(headersOfRow(row)),
          expect: { streamName: stream },
        })
        published.push({ sequence: row.sequence, streamSequence: ack.seq })
        counted.inc({ subject: row.subject })
      }
    }
  }
  const fail = (error: unknown) => {
    failure ??= error
  }
  await Promise.all(Array.from({ length: inFlightAtMost }, () => drainLanes().catch(fail)))
  return { published, failure }
}

/** The rows of each key, in order; lanes with the earliest row last, because they are taken from the end. */
function byKey(rows: readonly OutboxRow[]): OutboxRow[][] {
  const lanes = new Map<string, OutboxRow[]>()
  for (const row of rows) {
    const name = `${row.entity} ${row.key}`
    const lane = lanes.get(name)
    if (lane) lane.push(row)
    else lanes.set(name, [row])
  }
  return [...lanes.values()].reverse()
}

function headersOfRow(row: OutboxRow): Record<string, string | undefined> {
  return {
    [eventHeaders.id]: row.id,
    [eventHeaders.entity]: row.entity,
    // Keys are the services' own; a header takes no line breaks and drops outer spaces.
    [eventHeaders.key]: encodeURIComponent(row.key),
    [eventHeaders.number]: String(row.number),
    [eventHeaders.previousAt]: row.previousAt?.toISOString(),
    [eventHeaders.createdAt]: row.createdAt.toISOString(),
    [eventHeaders.traceparent]: row.traceparent ?? undefined,
    [eventHeaders.tracestate]: row.tracestate ?? undefined,
  }
}
