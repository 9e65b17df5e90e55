import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ServiceContract } from '@portico/contracts'
import { consoleContract } from '@portico/contracts/console'
import { contentContract } from '@portico/contracts/content'
import { fileContract } from '@portico/contracts/file'
import { notificationContract } from '@portico/contracts/notification'
import { userContract } from '@portico/contracts/user'
import { type NatsPermissions, natsPermissions } from '@portico/messaging/permissions'
import { type Secrets, sha256Hex } from '../state/secrets.ts'
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
  /** Keys of its own, beside its database's and NATS's passwords. */
  readonly secrets: (secrets: Secrets) => Environment
  /** What else it is told here, on one machine. */
  readonly environment?: (system: System) => Environment
}

const mailFrom = 'Portico <portico@localhost>'

/** Enough to verify the internal token, not to sign one. */
const verifier = ({ identityJwks }: Secrets): Environment => ({ IDENTITY_JWKS: identityJwks })

const service = (
  contract: ServiceContract,
  more: Pick<Part, 'environment'> & { secrets?: Part['secrets'] } = {},
): Part => ({
  name: contract.name,
  folder: `services/${contract.name}`,
  replicas: 2,
  database: true,
  permissions: natsPermissions(contract),
  contract,
  secrets: verifier,
  ...more,
})

export const table: readonly Part[] = [
  service(userContract, {
    secrets: secrets => ({
      ...verifier(secrets),
      IDENTITY_PRIVATE_JWK: secrets.identityPrivateJwk,
      OPERATOR_TOKEN_HASH: sha256Hex(secrets.operatorToken),
    }),
    environment: ({ operatorTicket, publicUrl }) => ({
      OPERATOR_TICKET_HASH: sha256Hex(operatorTicket),
      PUBLIC_URL: publicUrl,
    }),
  }),
  service(contentContract),
  service(fileContract, { environment: ({ folders }) => ({ FILE_ROOT: folders.files }) }),
  service(notificationContract, {
    environment: ({ publicUrl, smtpUrl, outside }) => ({
      PUBLIC_URL: publicUrl,
      SMTP_URL: smtpUrl,
      MAIL_FROM: outside.MAIL_FROM ?? mailFrom,
    }),
  }),
  {
    name: 'console',
    folder: 'services/console',
    replicas: 1,
    database: false,
    permissions: natsPermissions('console'),
    contract: consoleContract,
    otherPorts: ['SMTP_PORT', 'OTLP_PORT'],
    secrets: verifier,
    environment: ({ folders, ports }) => ({
      CONSOLE_STATE: folders.console,
      SMTP_PORT: String(ports.SMTP_PORT),
      OTLP_PORT: String(ports.OTLP_PORT),
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
    secrets: () => ({}),
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

/** A NATS user that is no process of the table: who keeps the streams there, and the tool `portico`, speak as this one. */
export const supervisorUser = 'supervisor'
