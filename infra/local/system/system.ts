import type { StateFolder } from '../state/folder.ts'
import type { Secrets } from '../state/secrets.ts'
import type { KnownPorts } from './ports.ts'

export type Environment = Readonly<Record<string, string>>

/** Everything that is settled before the first process starts. */
export interface System {
  /** The workspace. */
  readonly root: string
  readonly folders: StateFolder
  readonly secrets: Secrets
  readonly ports: KnownPorts
  readonly gatewayHost: string
  /** As browsers see it, without a slash at the end. */
  readonly publicUrl: string
  /** A role that may create databases and roles. */
  readonly databaseUrl: string
  readonly natsUrl: string
  /** Credentials of a NATS user; null when the server from outside wants none. */
  readonly natsCredentials: (user: string) => { user: string; password: string } | null
  readonly smtpUrl: string
  /** Null while nobody takes spans in. */
  readonly otlpUrl: string | null
  /** Signs a browser in as the operator, once. */
  readonly operatorTicket: string
  /** What was set before `npm start`. */
  readonly outside: NodeJS.ProcessEnv
}
