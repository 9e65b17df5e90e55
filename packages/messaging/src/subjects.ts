/**
 * Names on the wire. Everything that two processes must spell alike is spelled here, and `permissions.ts` is made of the
 * same functions, so that a service is allowed exactly what it does.
 */

/** Headers of an event. `Nats-Msg-Id` (the event's id) lets JetStream drop a repeat within its window. */
export const eventHeaders = {
  id: 'Nats-Msg-Id',
  entity: 'Portico-Entity',
  key: 'Portico-Key',
  /** The how-manieth event of its key this is, from 1, without holes. */
  number: 'Portico-Key-Sequence',
  /** When the key's event before this one was written; absent on the first. Explains a gap that retention made. */
  previousAt: 'Portico-Key-Previous-At',
  createdAt: 'Portico-Created-At',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  /** On a replay: the id of the dead letter, the event's own id and subject, and the span that produced it. */
  replayOf: 'Portico-Replay-Of',
  eventId: 'Portico-Id',
  subject: 'Portico-Subject',
  origin: 'Portico-Origin-Traceparent',
} as const

export const deadLetterStream = 'DEAD'

const consumerName = /^[a-z][a-z0-9-]{0,47}$/

/** The stream that keeps the events of a service or entity: `USER` for `user` and for `user.account`. */
export const streamOf = (entity: string) => (entity.split('.')[0] ?? entity).toUpperCase()

/** Name of the durable consumer on the server. One a service and entity, so that permissions can name it. */
export const durableOf = (service: string, entity: string) => `${service}_${entity.replaceAll('.', '_')}`

export const eventFilter = (entity: string) => `${entity}.>`
export const deadSubject = (service: string, consumer: string) => `dead.${service}.${consumer}`
/** By entity, which a contract knows, and not by the consumer's name, which only its service does. */
export const replaySubject = (service: string, entity: string) => `replay.${service}.${entity}`
export const inboxPrefix = (user: string) => `_INBOX_${user}`

/** Throws a TypeError when the name could not be a token of a subject. */
export function requireConsumerName(name: string): string {
  if (!consumerName.test(name))
    throw new TypeError(`consumer name ${JSON.stringify(name)} is not ${consumerName.source}`)
  return name
}
