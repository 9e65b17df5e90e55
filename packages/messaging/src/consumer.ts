import type { ConsumerInfo } from '@nats-io/jetstream'
import type { Msg, NatsConnection } from '@nats-io/transport-node'
import { context, ROOT_CONTEXT } from '@opentelemetry/api'
import type { Database } from '@portico/database'
import type { Telemetry } from '@portico/telemetry'
import type { Bus } from './bus.ts'
import { pause } from './connection.ts'
import { deliveryOfMessage } from './delivery.ts'
import type { Handler } from './handler.ts'
import { createLanes } from './lanes.ts'
import { createProcess } from './process.ts'
import { type Pull, startPull } from './pull.ts'
import type { Relay } from './relay.ts'
import { ackWaitMs, managerOf } from './streams.ts'
import { deadLetterStream, durableOf, requireConsumerName, streamOf } from './subjects.ts'
import { createSweep } from './sweep.ts'

export interface ConsumeOptions<Tables> {
  /** Unique within the service; names its inbox rows, its dead letters and its metrics. Never to be changed. */
  name: string
  service: string
  /** The entity whose events it takes, each key's in order: `user.account`. One consumer a service and entity. */
  from: string
  on: readonly Handler<Tables>[]
  bus: Bus
  database: Database<Tables>
  telemetry: Telemetry
  /** Woken when a handler's transaction, which may have added events, is committed. */
  relay?: Pick<Relay, 'wake'>
  /** Keys handled side by side, each with a connection of the database's pool; default 4. */
  concurrency?: number
  /** Failures of the handler until the event goes to the dead letters; default 6. */
  attempts?: number
  /** Delay after the first, second, … failure, ms; the last one repeats. Default 1 s, 5 s, 15 s, 1 min, 5 min. */
  backoffMs?: readonly number[]
  /** How long to wait for an event that is missing before its successors go on without it; default 30 s. */
  gapWaitMs?: number
}

export interface Consumer {
  start(): void
  /** Takes nothing more, and lets the handlers that run end. */
  stop(): Promise<void>
  /** Events that are not handled yet, as the server said last, at most some seconds ago. */
  lag(): number
}

const second = 1_000
const sweepEveryMs = second
/** How many events of one consumer may wait in the database; the rest waits in the stream. */
const waitingAtMost = 20_000
const retryMs = 500
const defaultBackoffMs = [second, 5 * second, 15 * second, 60 * second, 300 * second]

/**
 * Handles the events of one entity: each once in effect, those of one key in the order in which they became true.
 *
 * @example
 * consume<Tables>({ name: 'authors', service: 'content', from: 'user.account', bus, database, telemetry,
 *   on: [handle(AccountActivated, (account, { trx }) => authorStore(trx).save(account))] })
 */
export function consume<Tables>(options: ConsumeOptions<Tables>): Consumer {
  const { service, from, bus, database, telemetry, concurrency = 4 } = options
  const name = requireConsumerName(options.name)
  const handlers = handlersBySubject(options.on, from)
  const leave = enterAlone(bus, durableOf(service, from))
  const stopping = new AbortController()
  const capacity = Math.max(16, concurrency * 8)
  let available = true
  let pulls: Pull[] = []
  let lag = 0
  let waiting = 0
  let running: Promise<unknown> | undefined
  const lagGauge = telemetry.metrics.gauge('portico_consumer_lag', 'Events that are not handled yet', ['consumer'])
  const waitingGauge = telemetry.metrics.gauge(
    'portico_consumer_waiting',
    'Events that failed, or whose predecessor was not handled yet',
    ['consumer'],
  )

  const lanes = createLanes({
    concurrency,
    // Every third of what the server waits, so that work that takes long is not delivered again.
    workingEveryMs: ackWaitMs / 3,
    onRoom: askForMore,
    look: createProcess({
      consumer: name,
      service,
      database,
      telemetry,
      handlers,
      attempts: options.attempts ?? 6,
      backoffMs: options.backoffMs ?? defaultBackoffMs,
      client: () => (bus.isConnected() ? bus.current() : null),
      mayKeep: () => waiting < waitingAtMost,
      onHandled(delivery, more) {
        options.relay?.wake()
        if (more) void sweep.takeNext(delivery)
      },
      onUnavailable: error => void waitForDatabase(error),
    }),
  })
  const sweep = createSweep({
    consumer: name,
    database,
    everyMs: sweepEveryMs,
    gapWaitMs: options.gapWaitMs ?? 30 * second,
    isAvailable: () => available,
    take: lanes.add,
    progress,
    onCounted(count, progress) {
      waiting = count
      waitingGauge.set({ consumer: name }, waiting)
      if (!progress) return
      lag = progress.num_pending + progress.num_ack_pending + waiting
      lagGauge.set({ consumer: name }, lag)
    },
    onError: error => void waitForDatabase(error),
  })

  function askForMore() {
    for (const pull of pulls) pull.more()
  }

  /** Asks for nothing until the database answers: no event is tried, so none can fail. */
  async function waitForDatabase(error: unknown) {
    if (!available) return
    available = false
    telemetry.log.warn({ err: error, consumer: name }, 'the database is away: events wait in the stream')
    do await pause(retryMs, stopping.signal)
    while (!stopping.signal.aborted && !(await database.isReady()))
    available = true
    askForMore()
  }

  function take(message: Msg) {
    const delivery = deliveryOfMessage(message)
    if (delivery) return lanes.add(delivery)
    telemetry.log.error({ consumer: name, subject: message.subject }, 'not an event: dropped')
    message.respond('+TERM')
  }

  /** From one connection until it, or what the server knows of us, is lost. */
  function session(client: NatsConnection): Promise<string> {
    return new Promise(resolve => {
      const end = (reason: string) => {
        for (const pull of pulls) pull.stop()
        pulls = []
        forget()
        sweep.reset()
        stopping.signal.removeEventListener('abort', abort)
        resolve(reason)
      }
      const abort = () => end('stopping')
      const forget = bus.onStatus(() => end('connection lost'))
      stopping.signal.addEventListener('abort', abort)
      const room = () => (available ? capacity - lanes.size() : 0)
      const durable = durableOf(service, from)
      const pullFrom = (stream: string) =>
        startPull({ client, stream, durable, inboxPrefix: bus.inboxPrefix, room, onMessage: take, onLost: end })
      pulls = [pullFrom(streamOf(from)), pullFrom(deadLetterStream)]
    })
  }

  async function progress(): Promise<ConsumerInfo | null> {
    const client = bus.isConnected() ? bus.current() : null
    if (!client) return null
    const { consumers } = await managerOf(client)
    // Away, or not created yet: the session's end will say so.
    return consumers.info(streamOf(from), durableOf(service, from)).catch(() => null)
  }

  async function run() {
    let complaints = 0
    while (!stopping.signal.aborted) {
      try {
        const client = await bus.whenConnected(stopping.signal)
        await requireConsumers(client, service, from)
        complaints = 0
        const reason = await session(client)
        if (reason !== 'stopping') telemetry.log.info({ consumer: name, reason }, 'beginning anew with the stream')
      } catch (error) {
        if (stopping.signal.aborted) return
        // Nobody has provisioned it yet, or its server has just lost it.
        if (complaints++ % 60 === 0) telemetry.log.info({ err: error, consumer: name }, 'waiting for the stream')
      }
      await pause(retryMs, stopping.signal)
    }
  }

  return {
    start() {
      running ??= context.with(ROOT_CONTEXT, () => Promise.all([run(), sweep.run(stopping.signal)]))
    },
    async stop() {
      stopping.abort(new Error('the consumer is stopping'))
      await running
      await lanes.stop()
      leave()
    },
    lag: () => lag,
  }
}

/** @throws while the two durables, of the entity's events and of the replays, are not provisioned */
async function requireConsumers(client: NatsConnection, service: string, from: string): Promise<void> {
  const { consumers } = await managerOf(client)
  const durable = durableOf(service, from)
  await Promise.all([streamOf(from), deadLetterStream].map(stream => consumers.info(stream, durable)))
}

const durablesInUse = new WeakMap<Bus, Set<string>>()

/** Two consumers of one entity would share its durable, and each see half of the events. */
function enterAlone(bus: Bus, durable: string): () => void {
  const inUse = durablesInUse.get(bus) ?? new Set()
  durablesInUse.set(bus, inUse)
  if (inUse.has(durable)) throw new TypeError(`${durable} has a consumer already: give it the handlers of both`)
  inUse.add(durable)
  return () => inUse.delete(durable)
}

function handlersBySubject<Tables>(on: readonly Handler<Tables>[], from: string): Map<string, Handler<Tables>> {
  const handlers = new Map<string, Handler<Tables>>()
  for (const handler of on) {
    const { subject, entity } = handler.definition
    if (entity !== from) throw new TypeError(`${subject} is no event of ${from}`)
    if (handlers.has(subject)) throw new TypeError(`${subject} has two handlers`)
    handlers.set(subject, handler)
  }
  return handlers
}
