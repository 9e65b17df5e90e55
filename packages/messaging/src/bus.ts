import { headers, type Msg, type NatsConnection } from '@nats-io/transport-node'
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { Announcement, announceSubject, type BroadcastDefinition } from '@portico/contracts'
import { consumerSpan, extractTrace, injectTrace, type Telemetry, type TraceHeaders } from '@portico/telemetry'
import type { Static, TSchema } from 'typebox'
import { type Connection, type ConnectionOptions, openConnection, type Unsubscribe } from './connection.ts'
import { requireValid } from './validate.ts'

/** Where a broadcast came from. `service` is true: only its own NATS user may publish on the subject. */
export interface BroadcastOrigin {
  subject: string
  service: string
}

/** What one process says to and hears from all the others. */
export interface Bus extends Connection {
  /**
   * Tells whoever listens now; nobody keeps it. While NATS is away it is dropped and counted: what must not be missed is
   * an event. Throws {@link InvalidPayload}.
   */
  broadcast<Schema extends TSchema>(definition: BroadcastDefinition<Schema>, payload: Static<Schema>): void
  /** The subject may hold wildcards: `broadcast.*.cache_purged`. Messages that do not fit the schema are counted and dropped. */
  listen<Schema extends TSchema>(
    definition: BroadcastDefinition<Schema>,
    handler: (payload: Static<Schema>, origin: BroadcastOrigin) => void | Promise<void>,
  ): Unsubscribe
  announce(announcement: Announcement): void
  /** Only announcements that came on the subject of the service they name. */
  onAnnouncement(handler: (announcement: Announcement) => void | Promise<void>): Unsubscribe
}

const everyAnnouncement: BroadcastDefinition<typeof Announcement> = {
  subject: announceSubject('*'),
  service: '*',
  schema: Announcement,
  description: 'Who is there',
}

export interface BusOptions extends ConnectionOptions {
  telemetry: Telemetry
}

/** Connects in the background, without end: the process starts and serves while NATS is away. */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const { telemetry } = options
  const connection = openConnection(options)
  const subscribers = new Set<Subscriber>()
  connection.onClient(client => {
    for (const subscriber of subscribers) subscriber.subscribe(client)
  })
  const dropped = telemetry.metrics.counter(
    'portico_broadcasts_dropped_total',
    'Broadcasts and announcements that were not sent, or not understood',
    ['reason'],
  )

  function publish(subject: string, payload: unknown, trace: TraceHeaders) {
    const client = connection.current()
    // Given to a disconnected client it would be buffered and then dropped, without a word.
    if (!client || !connection.isConnected()) return dropped.inc({ reason: 'disconnected' })
    client.publish(subject, JSON.stringify(payload), { headers: headersOf(trace) })
  }

  function listen<Schema extends TSchema>(
    definition: BroadcastDefinition<Schema>,
    handler: (payload: Static<Schema>, origin: BroadcastOrigin) => void | Promise<void>,
  ): Unsubscribe {
    const subscriber = createSubscriber(definition.subject, message => receive(message))
    async function receive(message: Msg) {
      if (!isFirstHand(message)) return dropped.inc({ reason: 'from a stream' })
      try {
        const payload: unknown = JSON.parse(message.string())
        requireValid(definition, payload)
        const origin = { subject: message.subject, service: message.subject.split('.')[1] ?? '' }
        await traced(telemetry, message, () => handler(payload, origin))
      } catch (error) {
        dropped.inc({ reason: 'failed' })
        telemetry.log.error({ err: error, subject: message.subject }, 'a broadcast could not be taken in')
      }
    }
    subscribers.add(subscriber)
    const client = connection.current()
    if (client) subscriber.subscribe(client)
    return () => {
      subscribers.delete(subscriber)
      subscriber.stop()
    }
  }

  return {
    ...connection,
    broadcast(definition, payload) {
      requireValid(definition, payload)
      publish(definition.subject, payload, injectTrace())
    },
    listen,
    // Once a second and replica: no trace of its own.
    announce: announcement => publish(announceSubject(announcement.service), announcement, {}),
    onAnnouncement: handler =>
      listen(everyAnnouncement, async (announcement, { service }) => {
        if (announcement.service === service) await handler(announcement)
        else dropped.inc({ reason: 'not theirs to say' })
      }),
  }
}

/**
 * Whether somebody published it, and not JetStream in somebody's name. Who owns a stream chooses where it republishes and
 * where a push consumer delivers, past the permissions of its own user; the server marks both in ways nobody can leave out.
 */
function isFirstHand({ reply, headers: fields }: Msg): boolean {
  return !reply && !fields?.has('Nats-Stream')
}

interface Subscriber {
  subscribe(client: NatsConnection): void
  stop(): void
}

function createSubscriber(subject: string, receive: (message: Msg) => Promise<void>): Subscriber {
  let unsubscribe: Unsubscribe = () => {}
  return {
    subscribe(client) {
      const subscription = client.subscribe(subject, {
        callback(error, message) {
          // A refused subscription: the connection's status has logged it.
          if (!error) void receive(message)
        },
      })
      unsubscribe = () => {
        if (!client.isClosed()) subscription.unsubscribe()
      }
    },
    stop: () => unsubscribe(),
  }
}

/** A broadcast within a trace makes a span where it arrives; a heartbeat, sent outside of any, makes none. */
function traced<T>(telemetry: Telemetry, message: Msg, work: () => T | Promise<T>): Promise<T> | T {
  const carrier = traceOf(message)
  if (!trace.getSpanContext(extractTrace(carrier))) return context.with(ROOT_CONTEXT, work)
  return consumerSpan(telemetry.tracer, carrier, { subject: message.subject }, () => work())
}

export function traceOf({ headers: carrier }: Msg): TraceHeaders {
  const traceparent = carrier?.get('traceparent')
  const tracestate = carrier?.get('tracestate')
  return { ...(traceparent ? { traceparent } : {}), ...(tracestate ? { tracestate } : {}) }
}

export function headersOf(values: object) {
  const result = headers()
  for (const [name, value] of Object.entries(values)) if (typeof value === 'string') result.set(name, value)
  return result
}
