import type { ServiceContract } from '@portico/contracts'
import { deadLetterStream, durableOf, inboxPrefix, streamOf } from './subjects.ts'

/** What one NATS user may do. Whatever is not listed is refused by the server. */
export interface NatsPermissions {
  publish: string[]
  subscribe: string[]
}

/** Users that are no service of a contract: who routes, who watches, who runs the house. */
export type HouseUser = 'gateway' | 'console' | 'supervisor'

type Listener = Pick<ServiceContract, 'name' | 'emits' | 'listensTo'>

/**
 * The permissions of a NATS user, from contracts alone. A service may tell its own events, broadcasts and announcements,
 * and read from the consumers of the entities it lists. It configures nothing: whoever may create a stream chooses its
 * sources, and whoever may create a consumer chooses where it delivers. See `provision.ts`.
 */
export function natsPermissions(who: Listener | HouseUser): NatsPermissions {
  if (who === 'gateway') return gatewayPermissions()
  if (who === 'console') return consolePermissions()
  if (who === 'supervisor') return supervisorPermissions()
  const entities = who.listensTo.filter(name => !name.startsWith('broadcast.'))
  return {
    publish: [
      ...voice(who.name),
      ...(who.emits.length > 0 ? emitting(who.name) : []),
      ...(entities.length > 0 ? [`dead.${who.name}.>`] : []),
      ...entities.flatMap(entity => reading(who.name, entity)),
    ],
    subscribe: [ownInbox(who.name), ...who.listensTo.filter(name => name.startsWith('broadcast.'))],
  }
}

const ownInbox = (user: string) => `${inboxPrefix(user)}.>`
const voice = (name: string) => [`announce.${name}`, `broadcast.${name}.>`]

const emitting = (service: string) => [`${service}.>`, `$JS.API.STREAM.INFO.${streamOf(service)}`]

function reading(service: string, entity: string): string[] {
  const durable = durableOf(service, entity)
  return [streamOf(entity), deadLetterStream].flatMap(stream => consuming(stream, durable))
}

function consuming(stream: string, durable: string): string[] {
  return [
    `$JS.API.CONSUMER.INFO.${stream}.${durable}`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`,
    `$JS.ACK.${stream}.${durable}.>`,
    // The same with a domain and an account before the stream, as newer servers write it.
    `$JS.ACK.*.*.${stream}.${durable}.>`,
  ]
}

function gatewayPermissions(): NatsPermissions {
  return { publish: voice('gateway'), subscribe: [ownInbox('gateway'), 'announce.*', 'broadcast.>'] }
}

/** Watches streams and consumers, reads, replays and discards dead letters; changes nothing else. */
function consolePermissions(): NatsPermissions {
  return {
    publish: [
      ...voice('console'),
      '$JS.API.STREAM.NAMES',
      '$JS.API.STREAM.LIST',
      '$JS.API.STREAM.INFO.*',
      '$JS.API.CONSUMER.NAMES.*',
      '$JS.API.CONSUMER.LIST.*',
      '$JS.API.CONSUMER.INFO.*.*',
      ...tendingDeadLetters(),
    ],
    subscribe: [ownInbox('console'), 'announce.*', 'broadcast.>'],
  }
}

function tendingDeadLetters(): string[] {
  return ['GET', 'DELETE'].map(verb => `$JS.API.STREAM.MSG.${verb}.${deadLetterStream}`).concat('replay.>')
}

/** Who provisions, and the operator's tool: JetStream's whole API, but no service's voice. */
function supervisorPermissions(): NatsPermissions {
  return {
    publish: ['$JS.API.>', 'replay.>'],
    subscribe: [ownInbox('supervisor'), 'announce.*', 'broadcast.>', '$JS.EVENT.ADVISORY.>'],
  }
}

export interface NatsUser {
  user: string
  /** As nats.conf takes it: plain text, a bcrypt hash, or with `$` in front the name of an environment variable. */
  password: string
  permissions: NatsPermissions
}

/** The `authorization` block of a nats.conf. */
export function natsAuthorization(users: readonly NatsUser[]): string {
  const blocks = users.map(({ user, password, permissions: { publish, subscribe } }) =>
    [
      '    {',
      `      user: ${JSON.stringify(user)}`,
      `      password: ${/^\$[A-Z]/.test(password) ? password : JSON.stringify(password)}`,
      '      permissions: {',
      `        publish: { allow: ${listOf(publish)} }`,
      `        subscribe: { allow: ${listOf(subscribe)} }`,
      '      }',
      '    }',
    ].join('\n'),
  )
  return `authorization {\n  users: [\n${blocks.join('\n')}\n  ]\n}\n`
}

const listOf = (subjects: readonly string[]) =>
  `[${subjects.map(subject => `\n          ${JSON.stringify(subject)}`).join('')}\n        ]`
