import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ServiceContract } from '@portico/contracts'
import { contentContract } from '@portico/contracts/content'
import { fileContract } from '@portico/contracts/file'
import { notificationContract } from '@portico/contracts/notification'
import { userContract } from '@portico/contracts/user'
import { type NatsPermissions, natsPermissions } from '@portico/messaging/permissions'
import { sha256Hex } from '../state/secrets.ts'
import type { PortName } from './ports.ts'
import type { Environment, System } from './system.ts'

/** One kind of process. A new service is a new line in `table`. */
export interface Part {
  readonly name: string
  /** Relative to the root; skipped while there is no `src/main.ts` in it. */
  readonly folder: string
  readonly replicas: number
  /** Whether it has a database and two roles. */
  readonly database: boolean
  readonly permissions: NatsPermissions
  /** What the gateway routes to it. */
  readonly contract?: ServiceContract
  /** The known port its HTTP is on; any free one when there is none. */
  readonly port?: PortName
  /** Other known ports that it listens on. */
  readonly otherPorts?: readonly PortName[]
  /** What it is told beyond what all are told. */
  readonly environment?: (system: System) => Environment
}

const mailFrom = 'Portico <portico@localhost>'

const service = (contract: ServiceContract, environment?: Part['environment']): Part => ({
  name: contract.name,
  folder: `services/${contract.name}`,
  replicas: 2,
  database: true,
  permissions: natsPermissions(contract),
  contract,
  ...(environment ? { environment } : {}),
})

export const table: readonly Part[] = [
  service(userContract, ({ secrets, operatorTicket, publicUrl }) => ({
    IDENTITY_PRIVATE_JWK: secrets.identityPrivateJwk,
    OPERATOR_TOKEN_HASH: sha256Hex(secrets.operatorToken),
    OPERATOR_TICKET_HASH: sha256Hex(operatorTicket),
    PUBLIC_URL: publicUrl,
  })),
  service(contentContract),
  service(fileContract, ({ folders }) => ({ FILE_ROOT: folders.files })),
  service(notificationContract, ({ publicUrl, smtpUrl, outside }) => ({
    PUBLIC_URL: publicUrl,
    SMTP_URL: smtpUrl,
    MAIL_FROM: outside.MAIL_FROM ?? mailFrom,
  })),
  {
    name: 'console',
    folder: 'services/console',
    replicas: 1,
    database: false,
    permissions: natsPermissions('console'),
    otherPorts: ['SMTP_PORT', 'OTLP_PORT'],
    environment: ({ folders, ports, publicUrl }) => ({
      CONSOLE_STATE: folders.console,
      SMTP_PORT: String(ports.SMTP_PORT),
      OTLP_PORT: String(ports.OTLP_PORT),
      GATEWAY_ADMIN_URL: `http://127.0.0.1:${ports.ADMIN_PORT}`,
      PUBLIC_URL: publicUrl,
    }),
  },
  {
    name: 'gateway',
    folder: 'gateway',
    replicas: 1,
    database: false,
    permissions: natsPermissions('gateway'),
    port: 'PORT',
    otherPorts: ['ADMIN_PORT'],
    environment: ({ gatewayHost, ports, publicUrl }) => ({
      HOST: gatewayHost,
      ADMIN_PORT: String(ports.ADMIN_PORT),
      PUBLIC_URL: publicUrl,
    }),
  },
]

/** Whether its code is there. */
export function isBuilt(part: Part, root: string): boolean {
  return existsSync(join(root, part.folder, 'src', 'main.ts'))
}

/** NATS users that are no process of the table: the tool `portico` speaks as this one. */
export const supervisorUser = 'supervisor'
