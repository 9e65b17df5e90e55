import { JetStreamApiCodes, jetstream } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { uuidv7 } from '@portico/database'
import { injectTrace, type TraceHeaders } from '@portico/telemetry'
import { type Bus, headersOf } from './bus.ts'
import type { Delivery } from './delivery.ts'
import type { FailureReport } from './failure-report.ts'
import { managerOf } from './streams.ts'
import { deadLetterStream, deadSubject, eventHeaders, replaySubject } from './subjects.ts'

/** What one consumer could not handle, with everything needed to understand it and to try once more. */
export interface DeadLetter {
  readonly id: string
  readonly service: string
  readonly consumer: string
  readonly event: {
    readonly id: string
    readonly subject: string
    readonly entity: string
    readonly key: string
    readonly number: number
    readonly createdAt: string
  }
  /** As it came, if it is JSON; else its text. */
  readonly payload: unknown
  readonly error: FailureReport
  readonly attempts: number
  readonly firstFailedAt: string
  readonly failedAt: string
  /** Of the span that produced the event. */
  readonly trace: TraceHeaders
  /** The dead letter this one is a replay of. */
  readonly replayOf: string | null
}

export interface ListedDeadLetter extends DeadLetter {
  /** Its place in the stream: what `replayDeadLetter` and `discardDeadLetter` take. */
  readonly sequence: number
}

const timeoutMs = 3_000

export function deadLetterOf(
  { event, trace, replayOf, ...delivery }: Delivery,
  of: { service: string; consumer: string },
  failure: { report: FailureReport; attempts: number; firstFailedAt: Date },
): DeadLetter {
  const { id, subject, entity, key, number } = event
  return {
    id: uuidv7(),
    ...of,
    event: { id, subject, entity, key, number, createdAt: event.createdAt.toISOString() },
    payload: payloadOf(delivery),
    error: failure.report,
    attempts: failure.attempts,
    firstFailedAt: failure.firstFailedAt.toISOString(),
    failedAt: new Date().toISOString(),
    trace,
    replayOf,
  }
}

function payloadOf({ payload, text }: Pick<Delivery, 'payload' | 'text'>): unknown {
  try {
    return payload()
  } catch {
    return text()
  }
}

/** Resolves when `DEAD` has it. A repeat within the stream's window, for one event or replay, is kept once. */
export async function publishDeadLetter(client: NatsConnection, letter: DeadLetter): Promise<void> {
  await jetstream(client, { timeout: timeoutMs }).publish(
    deadSubject(letter.service, letter.consumer),
    JSON.stringify(letter),
    {
      headers: headersOf({
        [eventHeaders.id]: `${letter.consumer}:${letter.replayOf ?? letter.event.id}`,
        ...letter.trace,
      }),
      expect: { streamName: deadLetterStream },
    },
  )
}

/**
 * The oldest first.
 *
 * @param after a `sequence`: those behind it
 */
export async function listDeadLetters(
  bus: Bus,
  {
    service = '*',
    consumer = '*',
    after = 0,
    limit = 50,
  }: { service?: string; consumer?: string; after?: number; limit?: number } = {},
): Promise<ListedDeadLetter[]> {
  const client = requireClient(bus)
  const found: ListedDeadLetter[] = []
  for (let sequence = after + 1; found.length < limit; ) {
    const letter = await readLetter(client, { seq: sequence, next_by_subj: deadSubject(service, consumer) })
    if (!letter) break
    found.push(letter)
    sequence = letter.sequence + 1
  }
  return found
}

/**
 * Sends a dead letter to its consumer once more, and takes it off the list. However often it is sent, it is handled once.
 *
 * @param payload instead of the one that failed
 */
export async function replayDeadLetter(
  bus: Bus,
  sequence: number,
  { payload }: { payload?: unknown } = {},
): Promise<void> {
  const client = requireClient(bus)
  const letter = await letterAt(client, sequence)
  const { event } = letter
  await jetstream(client, { timeout: timeoutMs }).publish(
    replaySubject(letter.service, event.entity),
    JSON.stringify(payload === undefined ? letter.payload : payload),
    {
      headers: headersOf({
        [eventHeaders.eventId]: event.id,
        [eventHeaders.entity]: event.entity,
        [eventHeaders.key]: encodeURIComponent(event.key),
        [eventHeaders.number]: String(event.number),
        [eventHeaders.createdAt]: event.createdAt,
        [eventHeaders.replayOf]: letter.id,
        [eventHeaders.subject]: event.subject,
        [eventHeaders.origin]: letter.trace.traceparent,
        ...injectTrace(),
      }),
      msgID: `replay:${letter.id}`,
      expect: { streamName: deadLetterStream },
    },
  )
  await discardDeadLetter(bus, sequence)
}

/** Takes a dead letter off the list for good. */
export async function discardDeadLetter(bus: Bus, sequence: number): Promise<void> {
  const { streams } = await managerOf(requireClient(bus))
  await streams.deleteMessage(deadLetterStream, sequence, false)
}

async function letterAt(client: NatsConnection, sequence: number): Promise<ListedDeadLetter> {
  const letter = await readLetter(client, { seq: sequence })
  if (!letter) throw new Error(`there is no dead letter ${sequence}`)
  return letter
}

interface StoredMessage {
  message?: { seq: number; subject: string; data: string }
  error?: { err_code: number; description: string }
}

/** `STREAM.MSG.GET`, asked by hand: the client does not know `next_by_subj`, the first at or behind `seq` on a subject. */
async function readLetter(
  client: NatsConnection,
  query: { seq: number; next_by_subj?: string },
): Promise<ListedDeadLetter | null> {
  const answer = await client.request(`$JS.API.STREAM.MSG.GET.${deadLetterStream}`, JSON.stringify(query), {
    timeout: timeoutMs,
  })
  const { message, error } = answer.json<StoredMessage>()
  // Not there; or nothing has failed yet, and nobody has created the stream.
  if (error?.err_code === JetStreamApiCodes.NoMessageFound) return null
  if (error?.err_code === JetStreamApiCodes.StreamNotFound) return null
  if (!message) throw new Error(`the dead letters cannot be read: ${error?.description ?? 'no answer'}`)
  if (!message.subject.startsWith('dead.')) return null
  const letter: DeadLetter = JSON.parse(Buffer.from(message.data, 'base64').toString())
  return { ...letter, sequence: message.seq }
}

function requireClient(bus: Bus): NatsConnection {
  const client = bus.current()
  if (!client || !bus.isConnected()) throw new Error('NATS is away')
  return client
}
