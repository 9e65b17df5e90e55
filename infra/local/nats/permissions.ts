import type { ServiceContract } from '@portico/contracts'

/** What a NATS user may say and hear. Everything else is refused by the server. */
export interface Permissions {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

const streamOf = (entity: string) => (entity.split('.')[0] ?? entity).toUpperCase()
const durableOf = (service: string, entity: string) => `${service}_${entity.replaceAll('.', '_')}`
const own = (user: string) => `_INBOX_${user}.>`

/**
 * From the contract alone: a service speaks on subjects of its own, keeps its own stream, and reads the streams of those
 * it listens to through consumers of its own name.
 */
export function servicePermissions({ name, emits, listensTo }: ServiceContract): Permissions {
  const entities = listensTo.filter(subject => !subject.startsWith('broadcast.'))
  const broadcasts = listensTo.filter(subject => subject.startsWith('broadcast.'))
  return {
    publish: [
      ...(emits.length > 0 ? [`${name}.>`, ...streamCalls(streamOf(name))] : []),
      `announce.${name}`,
      `broadcast.${name}.>`,
      `dead.${name}.>`,
      '$JS.API.STREAM.CREATE.DEAD',
      ...(entities.length > 0 ? consumerCalls('DEAD', `${name}_replay`) : []),
      ...entities.flatMap(entity => consumerCalls(streamOf(entity), durableOf(name, entity))),
    ],
    subscribe: [own(name), `broadcast.${name}.>`, ...broadcasts],
  }
}

/** Listens to everybody's announcements and broadcasts; says nothing. */
export function gatewayPermissions(): Permissions {
  return {
    publish: ['announce.gateway', 'broadcast.gateway.>'],
    subscribe: [own('gateway'), 'announce.*', 'broadcast.>'],
  }
}

/** Looks at streams, consumers and dead letters, and sends replays. */
export function operatorPermissions(user: string): Permissions {
  return {
    publish: [
      `announce.${user}`,
      `broadcast.${user}.>`,
      'replay.>',
      '$JS.API.INFO',
      '$JS.API.STREAM.NAMES',
      '$JS.API.STREAM.LIST',
      '$JS.API.STREAM.INFO.*',
      '$JS.API.STREAM.MSG.GET.*',
      '$JS.API.STREAM.MSG.DELETE.DEAD',
      '$JS.API.DIRECT.GET.>',
      '$JS.API.CONSUMER.NAMES.*',
      '$JS.API.CONSUMER.LIST.*',
      '$JS.API.CONSUMER.INFO.*.*',
    ],
    subscribe: [own(user), 'announce.*', 'broadcast.>'],
  }
}

function streamCalls(stream: string): string[] {
  return ['CREATE', 'UPDATE', 'INFO'].map(call => `$JS.API.STREAM.${call}.${stream}`)
}

function consumerCalls(stream: string, durable: string): string[] {
  return [
    `$JS.API.CONSUMER.CREATE.${stream}.${durable}`,
    `$JS.API.CONSUMER.CREATE.${stream}.${durable}.>`,
    `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.${durable}`,
    `$JS.API.CONSUMER.INFO.${stream}.${durable}`,
    `$JS.API.CONSUMER.DELETE.${stream}.${durable}`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`,
    `$JS.ACK.${stream}.${durable}.>`,
  ]
}
