import { openConnection } from '@portico/messaging/connection'
import { type ProvisionOptions, provision } from '@portico/messaging/provision'
import { supervisorUser } from '../system/table.ts'

export interface StreamsOptions {
  readonly servers: string
  /** Of `supervisor`; null when the server from outside wants none. */
  readonly credentials: { user: string; password: string } | null
  readonly contracts: ProvisionOptions['contracts']
  readonly say: (text: string) => void
}

/** Keeps every stream and consumer of the house there. @returns what ends that */
export function keepStreams({ servers, credentials, contracts, say }: StreamsOptions): () => Promise<void> {
  const log = { info() {}, warn: (fields: unknown, text?: unknown) => say(`${text}: ${reasonOf(fields)}`) }
  const connection = openConnection({ servers, name: supervisorUser, telemetry: { log }, ...credentials })
  const provisioner = provision({ connection, contracts, log })
  return async () => {
    await provisioner.stop()
    await connection.close()
  }
}

function reasonOf(fields: unknown): string {
  const error = typeof fields === 'object' && fields && 'err' in fields ? fields.err : fields
  return error instanceof Error ? error.message : String(error)
}
