import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node'
import { context, ROOT_CONTEXT } from '@opentelemetry/api'

export interface PullOptions {
  client: NatsConnection
  stream: string
  durable: string
  inboxPrefix: string
  /** How many more messages the consumer can take in hand now. */
  room: () => number
  onMessage: (message: Msg) => void
  /** The server has forgotten us, or we it: the whole is to be begun anew. Called once. */
  onLost: (reason: string) => void
}

export interface Pull {
  /** Asks for more, if there is room. */
  more(): void
  stop(): void
}

const expiresMs = 20_000
const heartbeatMs = 1_000
/** Without a word for that long, while something is asked for, the request has died with its server. */
const silenceMs = 3 * heartbeatMs
const nanosecondsPerMs = 1_000_000

/**
 * Asks a durable consumer for as many messages as there is room for, and no more. The client's own `consume` asks for
 * more whenever messages come in, not when they are done with, so that a slow handler would hold, and let expire, up to
 * everything the server may have in flight.
 *
 * Protocol: NATS ADR-13, pull requests with heartbeats.
 */
export function startPull(options: PullOptions): Pull {
  const { client, stream, durable, room, onMessage } = options
  const inbox = createInbox(options.inboxPrefix)
  let asked = 0
  let heardAt = performance.now()
  let done = false

  function end(reason?: string) {
    if (done) return
    done = true
    clearInterval(watch)
    // Drained, not dropped: what is on its way to us would be missing until its acknowledgement runs out.
    if (!client.isClosed()) subscription.drain().catch(() => {})
    if (reason !== undefined) options.onLost(reason)
  }

  function more() {
    if (done) return
    const free = room() - asked
    // Few large requests rather than one a message; but never wait for the last in hand.
    if (free <= 0 || (asked > 0 && free < room() / 2)) return
    if (asked === 0) heardAt = performance.now()
    asked += free
    const request = {
      batch: free,
      expires: expiresMs * nanosecondsPerMs,
      idle_heartbeat: heartbeatMs * nanosecondsPerMs,
    }
    client.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`, JSON.stringify(request), { reply: inbox })
  }

  function status(message: Msg) {
    const verdict = readStatus(message)
    if (verdict.lost !== undefined) return end(verdict.lost)
    asked = Math.max(0, asked - verdict.unused)
    if (verdict.unused > 0) more()
  }

  const subscription = client.subscribe(inbox, {
    callback(error, message) {
      if (error) return end(error.message)
      heardAt = performance.now()
      // What the server says of a request comes on the inbox; messages keep the subject they were published on.
      if (message.subject === inbox) return done ? undefined : status(message)
      asked = Math.max(0, asked - 1)
      // The client's read loop carries whatever was active when it connected.
      context.with(ROOT_CONTEXT, onMessage, undefined, message)
      more()
    },
  })
  const watch = setInterval(() => {
    if (asked > 0 && performance.now() - heardAt > silenceMs) end('missed heartbeats')
    else more()
  }, heartbeatMs)

  more()
  return { more, stop: () => end() }
}

/** What a status message means: how much of a request will not be delivered any more, or that all is lost. */
export function readStatus({ headers }: Pick<Msg, 'headers'>): { unused: number; lost?: string } {
  const code = headers?.code ?? 0
  const description = headers?.description ?? ''
  const unused = Number(headers?.get('Nats-Pending-Messages') || 0)
  // Idle heartbeat.
  if (code === 100) return { unused: 0 }
  // The request's time is over, or its batch.
  if (code === 404 || code === 408) return { unused }
  if (code === 409 && /batch completed|message size exceeds/i.test(description)) return { unused }
  // Consumer or stream deleted, server going down, nobody there, leadership moved.
  return { unused, lost: `${code} ${description}`.trim() }
}
