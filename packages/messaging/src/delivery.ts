import type { Msg } from '@nats-io/transport-node'
import type { TraceHeaders } from '@portico/telemetry'
import { traceOf } from './bus.ts'
import { eventHeaders } from './subjects.ts'

/** What a handler may know of the event besides its payload. */
export interface EventInfo {
  /** UUIDv7, the same on every delivery. */
  readonly id: string
  readonly subject: string
  readonly entity: string
  readonly key: string
  /** The how-manieth event of its key, from 1. */
  readonly number: number
  readonly createdAt: Date
  /** An operator sent this dead letter once more. */
  readonly replay: boolean
}

/** One event in hand: a message, to be answered exactly once or the server delivers it again; or a row that waited. */
export interface Delivery {
  readonly event: EventInfo
  readonly trace: TraceHeaders
  /** The span that produced the event, on a replay, whose trace is the operator's. */
  readonly origin: TraceHeaders
  /** The dead letter this repeats, on a replay. */
  readonly replayOf: string | null
  readonly source: 'stream' | 'waiting'
  /** Of a message, by the server's count, from 1. */
  readonly deliveries: number
  /** Failures of the handler that are known already. */
  readonly attempts: number
  /** When the key's event before this one was written, if the message says so. */
  readonly previousAt: Date | null
  /** The position to go on from: that of the event before, or below it to accept a gap. */
  readonly after: number
  payload(): unknown
  text(): string
  ack(): void
  /** To be delivered again, no sooner than that. */
  release(delayMs: number): void
  /** Still at it: begins the acknowledgement's time anew. */
  working(): void
}

/** Reads a message of JetStream. Null when it is no event of ours. */
export function deliveryOfMessage(message: Msg): Delivery | null {
  const get = (name: string) => message.headers?.get(name) || null
  const number = Number(get(eventHeaders.number))
  const id = get(eventHeaders.eventId) ?? get(eventHeaders.id)
  const [entity, key] = [get(eventHeaders.entity), get(eventHeaders.key)]
  if (!id || !entity || !key || !Number.isSafeInteger(number) || number < 1) return null
  const previousAt = get(eventHeaders.previousAt)
  const replayOf = get(eventHeaders.replayOf)
  return {
    event: {
      id,
      subject: get(eventHeaders.subject) ?? message.subject,
      entity,
      key: decodeURIComponent(key),
      number,
      createdAt: new Date(get(eventHeaders.createdAt) ?? Date.now()),
      replay: replayOf !== null,
    },
    trace: traceOf(message),
    origin: originOf(get(eventHeaders.origin)),
    replayOf,
    source: 'stream',
    deliveries: deliveriesOf(message.reply ?? ''),
    attempts: 0,
    previousAt: previousAt ? new Date(previousAt) : null,
    after: number - 1,
    payload: () => JSON.parse(message.string()),
    text: () => message.string(),
    ack: () => answer(message, '+ACK'),
    release: delayMs => answer(message, `-NAK {"delay":${Math.max(1, Math.round(delayMs)) * 1_000_000}}`),
    working: () => answer(message, '+WPI'),
  }
}

/** A row of inbox_waiting. */
export interface WaitingRow {
  id: string
  entity: string
  key: string
  number: number
  eventId: string
  subject: string
  payload: string
  createdAt: Date
  traceparent: string | null
  tracestate: string | null
  origin: string | null
  replayOf: string | null
  attempts: number
}

/** The server was answered when the row was written: handling deletes it, and not handling leaves it. */
export function deliveryOfRow(row: WaitingRow, after = row.number - 1): Delivery {
  const { eventId, subject, entity, key, number, createdAt, replayOf } = row
  return {
    event: { id: eventId, subject, entity, key, number, createdAt, replay: replayOf !== null },
    trace: {
      ...(row.traceparent ? { traceparent: row.traceparent } : {}),
      ...(row.tracestate ? { tracestate: row.tracestate } : {}),
    },
    origin: originOf(row.origin),
    replayOf,
    source: 'waiting',
    deliveries: 1,
    attempts: row.attempts,
    previousAt: null,
    after,
    payload: () => JSON.parse(row.payload),
    text: () => row.payload,
    ack() {},
    release() {},
    working() {},
  }
}

const originOf = (traceparent: string | null): TraceHeaders => (traceparent ? { traceparent } : {})

/** `$JS.ACK.<stream>.<consumer>.<deliveries>.…`; newer servers put a domain and an account before the stream. */
function deliveriesOf(reply: string): number {
  const tokens = reply.split('.')
  return Number(tokens[tokens.length === 9 ? 4 : 6] ?? 1)
}

function answer(message: Msg, word: string) {
  try {
    message.respond(word)
  } catch {
    // The client is closed: the server delivers the message again, to whoever is there.
  }
}
