import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  ReplayPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { deadLetterStream, durableOf, eventFilter, replaySubject, streamOf } from './subjects.ts'

const nanosecondsPerMs = 1_000_000
const day = 24 * 60 * 60 * 1_000

/** How long an event stays in its stream. The outbox keeps its row longer: see `cleanOutbox`. */
export const streamMaxAgeMs = 7 * day
export const deadLetterMaxAgeMs = 90 * day
/** The largest payload `outbox.add` takes, bytes. Headers and a dead letter's error fit on top of it. */
export const payloadLimitBytes = 256 * 1_024
const messageLimitBytes = 2 * payloadLimitBytes
/** The server's JSStreamNameExistErr: a stream of this name with another configuration. */
const streamNameInUse = 10058
/** JSConsumerAlreadyExists, since 2.10; before, `add` also updates. */
const consumerExists = 10148
const dedupWindowMs = 2 * 60 * 1_000

type OwnedConfig = Pick<
  StreamConfig,
  'name' | 'subjects' | 'storage' | 'retention' | 'discard' | 'max_age' | 'max_msg_size' | 'duplicate_window'
>

/** The stream of a service's events. */
export function eventStreamConfig(service: string): OwnedConfig {
  return {
    name: streamOf(service),
    subjects: [`${service}.>`],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    max_age: streamMaxAgeMs * nanosecondsPerMs,
    max_msg_size: messageLimitBytes,
    duplicate_window: dedupWindowMs * nanosecondsPerMs,
  }
}

/** What could not be handled, and what an operator sends once more. */
export const deadLetterStreamConfig: OwnedConfig & Pick<StreamConfig, 'max_msgs'> = {
  name: deadLetterStream,
  subjects: ['dead.>', 'replay.>'],
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  discard: DiscardPolicy.Old,
  max_age: deadLetterMaxAgeMs * nanosecondsPerMs,
  max_msgs: 100_000,
  max_msg_size: 2 * messageLimitBytes,
  duplicate_window: dedupWindowMs * nanosecondsPerMs,
}

export function managerOf(client: NatsConnection): Promise<JetStreamManager> {
  // The check would ask for the account's limits, which a service has no business to know.
  return jetstreamManager(client, { checkAPI: false, timeout: 3_000 })
}

/**
 * Creates the stream, or brings the settings that are ours up to date. What an operator set beside them (replicas,
 * placement) stays. Safe when several replicas do it at once.
 */
export async function ensureStream(client: NatsConnection, wanted: OwnedConfig): Promise<StreamInfo> {
  const { streams } = await managerOf(client)
  try {
    return await streams.add({ ...wanted })
  } catch (error) {
    if (!isApiError(error, streamNameInUse)) throw error
  }
  const info = await streams.info(wanted.name)
  return isLike(info.config, wanted) ? info : await streams.update(wanted.name, { ...wanted })
}

/** Creates `DEAD` unless it is there. Its settings are the operator's from then on. */
export async function ensureDeadLetterStream(client: NatsConnection): Promise<void> {
  const { streams } = await managerOf(client)
  try {
    await streams.add({ ...deadLetterStreamConfig })
  } catch (error) {
    if (!isApiError(error, streamNameInUse)) throw error
  }
}

/** How long the server waits for an acknowledgement: so long a killed replica's events wait, and no longer. */
export const ackWaitMs = 6_000

/** What a consumer of an entity reads, and how the server counts for it. The replays of its dead letters are read alike. */
export function consumerConfig(service: string, entity: string): Partial<ConsumerConfig> & { durable_name: string } {
  return {
    durable_name: durableOf(service, entity),
    filter_subject: eventFilter(entity),
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    replay_policy: ReplayPolicy.Instant,
    ack_wait: ackWaitMs * nanosecondsPerMs,
    // The handler's failures are counted in the inbox; deliveries are not failures.
    max_deliver: -1,
    max_ack_pending: 1_000,
  }
}

/** Creates the durables of one consumer, or brings them up to date: the entity's events, and its replays. */
export async function ensureConsumers(client: NatsConnection, service: string, entity: string): Promise<void> {
  const { consumers } = await managerOf(client)
  const events = consumerConfig(service, entity)
  const replays = { ...events, filter_subject: replaySubject(service, entity) }
  for (const [stream, config] of [
    [streamOf(entity), events],
    [deadLetterStream, replays],
  ] as const) {
    try {
      await consumers.add(stream, config)
    } catch (error) {
      if (!isApiError(error, consumerExists)) throw error
      await consumers.update(stream, config.durable_name, config)
    }
  }
}

function isLike(config: StreamConfig, wanted: OwnedConfig): boolean {
  const names: (keyof OwnedConfig)[] = ['subjects', 'discard', 'max_age', 'max_msg_size', 'duplicate_window']
  return names.every(name => JSON.stringify(config[name]) === JSON.stringify(wanted[name]))
}

export function isApiError(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code
}
