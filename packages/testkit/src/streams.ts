import type { ServiceContract } from '@portico/contracts'
import { type ConnectionOptions, openConnection } from '@portico/messaging/connection'
import { type Provisioner, provision } from '@portico/messaging/provision'
import type { TestScope } from './scope.ts'

export interface TestStreamsOptions {
  user?: string
  password?: string
  /** How often to look; default 5 s. */
  everyMs?: number
}

/** Keeps the streams and consumers of these contracts there, as the house's supervisor does for the running system. */
export function testStreams(
  t: TestScope,
  servers: ConnectionOptions['servers'],
  contracts: readonly Pick<ServiceContract, 'name' | 'emits' | 'listensTo'>[],
  { everyMs = 5_000, ...credentials }: TestStreamsOptions = {},
): Provisioner {
  const log = { info() {}, warn() {} }
  const connection = openConnection({ servers, name: 'supervisor', telemetry: { log }, ...credentials })
  const provisioner = provision({ connection, contracts, log, everyMs })
  t.after(async () => {
    await provisioner.stop()
    await connection.close()
  })
  return provisioner
}
