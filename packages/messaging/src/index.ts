export { type BroadcastOrigin, type Bus, type BusOptions, connectBus } from './bus.ts'
export { cleanMessaging, inboxKeepMs, outboxKeepMs } from './clean.ts'
export type { ConnectionOptions, Unsubscribe } from './connection.ts'
export { type ConsumeOptions, type Consumer, consume } from './consumer.ts'
export {
  type DeadLetter,
  discardDeadLetter,
  type ListedDeadLetter,
  listDeadLetters,
  replayDeadLetter,
} from './dead-letters.ts'
export type { EventInfo } from './delivery.ts'
export type { FailureReport } from './failure-report.ts'
export { type Handler, type Handling, handle } from './handler.ts'
export { type Outbox, outbox } from './outbox.ts'
export {
  type HouseUser,
  type NatsPermissions,
  type NatsUser,
  natsAuthorization,
  natsPermissions,
} from './permissions.ts'
export { type Provisioner, type ProvisionOptions, provision } from './provision.ts'
export { republish } from './rebuild.ts'
export { createRelay, type Relay, type RelayOptions } from './relay.ts'
export { deadLetterMaxAgeMs, payloadLimitBytes, streamMaxAgeMs } from './streams.ts'
export { InvalidPayload } from './validate.ts'

/** The folder of this package's tables, for `migrate`: each service has an outbox and an inbox of its own. */
export const messagingMigrations = new URL('./migrations/', import.meta.url)
