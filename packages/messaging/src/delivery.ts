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

/** One message in hand: it is answered exactly once, or the server delivers it again. */
export interface Delivery {
  readonly event: EventInfo
  readonly previousAt: Date | null
  /** The dead letter this repeats, on a replay. */
  readonly replayOf: string | null
  readonly trace: TraceHeaders
  /** The span that produced the event, on a replay, whose trace is the operator's. */
  readonly origin: TraceHeaders
  /** From 1; above 1 something went wrong before. */
  readonly deliveries: number
  readonly receivedAt: number
  payload(): unknown
  text(): string
  ack(): void
  /** To be delivered again, no sooner than that. */
  release(delayMs: number): void
  /** Still at it: begins the acknowledgement's time anew. */
  working(): void
}

/** Reads a message of JetStream. Null when it is no event of ours. */
export function readDelivery(message: Msg): Delivery | null {
  const { headers } = message
  const get = (name: string) => headers?.get(name) || null
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
    previousAt: previousAt ? new Date(previousAt) : null,
    replayOf,
    trace: traceOf(message),
    origin: { ...(get(eventHeaders.origin) ? { traceparent: get(eventHeaders.origin) ?? '' } : {}) },
    deliveries: deliveriesOf(message.reply ?? ''),
    receivedAt: performance.now(),
    payload: () => JSON.parse(message.string()),
    text: () => message.string(),
    ack: () => answer(message, '+ACK'),
    release: delayMs => answer(message, `-NAK {"delay":${Math.max(1, Math.round(delayMs)) * 1_000_000}}`),
    working: () => answer(message, '+WPI'),
  }
}

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
