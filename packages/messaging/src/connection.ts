import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { Telemetry } from '@portico/telemetry'
import { inboxPrefix } from './subjects.ts'

export interface ConnectionOptions {
  /** `nats://host:4222`, one or several, or a comma list. No secrets in it. */
  servers: string | readonly string[]
  user?: string | undefined
  password?: string | undefined
  /** Shown by the server for this connection: the instance. */
  name: string
  telemetry: { readonly log: Pick<Telemetry['log'], 'info' | 'warn'> }
}

export type Unsubscribe = () => void

/** A connection that is looked for until it is found, again and again, and never stops a process from starting. */
export interface Connection {
  /** Of the subjects on which answers come: a user hears only its own. */
  readonly inboxPrefix: string
  current(): NatsConnection | null
  isConnected(): boolean
  onStatus(listener: (connected: boolean) => void): Unsubscribe
  /** Called with each new client object, before `onStatus`: the place to subscribe. Resubscribing after that is the client's. */
  onClient(listener: (client: NatsConnection) => void): void
  /** The client once connected; rejects with the signal's reason. */
  whenConnected(signal: AbortSignal): Promise<NatsConnection>
  /** Sends what was said, within a second, and ends. */
  close(): Promise<void>
}

const dialEveryMs = 500
const dialTimeoutMs = 2_000
const flushTimeoutMs = 1_000
const never = new AbortController().signal

export function openConnection(options: ConnectionOptions): Connection {
  const { telemetry } = options
  const statusListeners = new Set<(connected: boolean) => void>()
  const clientListeners = new Set<(client: NatsConnection) => void>()
  const closing = new AbortController()
  let client: NatsConnection | null = null
  let connected = false

  function changed(now: boolean) {
    if (connected === now) return
    connected = now
    telemetry.log.info({ connected: now }, now ? 'NATS: connected' : 'NATS: connection lost, looking for it')
    for (const listener of statusListeners) listener(now)
  }

  async function adopt(found: NatsConnection) {
    client = found
    for (const listener of clientListeners) listener(found)
    changed(true)
    for await (const status of found.status()) {
      if (status.type === 'disconnect') changed(false)
      if (status.type === 'reconnect') changed(true)
      if (status.type === 'error') telemetry.log.warn({ err: status.error }, 'NATS: the server refused something')
    }
    // The iterator ends with the client. Ours was closed by `close`; any other end means to look for a new one.
    client = null
    changed(false)
  }

  async function keepLooking() {
    let refusals = 0
    while (!closing.signal.aborted) {
      const found = await dial(options).catch((error: unknown) => {
        // The first, then each minute: an absent server must not fill the log.
        if (refusals++ % (60_000 / dialEveryMs) === 0) telemetry.log.warn({ err: error }, 'NATS: not there yet')
        return null
      })
      if (!found) await pause(dialEveryMs, closing.signal)
      else if (closing.signal.aborted) await found.close()
      else await adopt(found)
    }
  }

  const looking = keepLooking()

  return {
    inboxPrefix: options.user === undefined ? '_INBOX' : inboxPrefix(options.user),
    current: () => client,
    isConnected: () => connected,
    onStatus(listener) {
      statusListeners.add(listener)
      return () => statusListeners.delete(listener)
    },
    onClient(listener) {
      clientListeners.add(listener)
      if (client) listener(client)
    },
    whenConnected: signal =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        if (connected && client) return resolve(client)
        const settle = () => {
          if (!connected || !client) return
          statusListeners.delete(settle)
          signal.removeEventListener('abort', abort)
          resolve(client)
        }
        const abort = () => {
          statusListeners.delete(settle)
          reject(signal.reason)
        }
        statusListeners.add(settle)
        signal.addEventListener('abort', abort, { once: true })
      }),
    async close() {
      closing.abort(new Error('the bus is closing'))
      // Acknowledgements that were only given to the client would otherwise be lost, and their events come again.
      if (client && connected) await Promise.race([client.flush().catch(() => {}), pause(flushTimeoutMs, never)])
      await client?.close()
      await looking
    },
  }
}

/**
 * One try at each server. The client's own `waitOnFirstConnect` would do the waiting, but cannot be given up: a process
 * that stops while NATS is away would hang. After the first success its endless reconnect takes over.
 */
function dial({ servers, user, password, name }: ConnectionOptions): Promise<NatsConnection> {
  return connect({
    servers: (typeof servers === 'string' ? servers.split(',') : [...servers]).map(server => server.trim()),
    name,
    ...(user === undefined ? {} : { user, inboxPrefix: inboxPrefix(user) }),
    ...(password === undefined ? {} : { pass: password }),
    timeout: dialTimeoutMs,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    // A password rotated on the server first would otherwise end the client for good at the second refusal.
    ignoreAuthErrorAbort: true,
    pingInterval: 5_000,
    maxPingOut: 2,
    noAsyncTraces: true,
  })
}

/** Waits; resolves early, without failing, when the signal says so. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
}
