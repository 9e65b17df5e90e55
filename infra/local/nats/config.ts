import type { Permissions } from './permissions.ts'

export interface NatsUser {
  readonly name: string
  readonly password: string
  readonly permissions: Permissions
}

export interface NatsSettings {
  readonly port: number
  readonly monitorPort: number
  readonly storeFolder: string
  readonly users: readonly NatsUser[]
}

const gibibyte = 1024 ** 3

/** A nats.conf with one user a process. JSON is a subset of its syntax, and needs no quoting rules of our own. */
export function natsConfig({ port, monitorPort, storeFolder, users }: NatsSettings): string {
  const config = {
    server_name: 'portico',
    listen: `127.0.0.1:${port}`,
    http: `127.0.0.1:${monitorPort}`,
    max_payload: 1024 ** 2,
    // Half-open connections are found in seconds, not in the default's minutes.
    ping_interval: '10s',
    ping_max: 2,
    jetstream: { store_dir: storeFolder, max_memory_store: gibibyte / 4, max_file_store: 10 * gibibyte },
    authorization: {
      users: users.map(({ name, password, permissions }) => ({
        user: name,
        password,
        permissions: {
          publish: { allow: permissions.publish },
          subscribe: { allow: permissions.subscribe },
        },
      })),
    },
  }
  return `${JSON.stringify(config, null, 2)}\n`
}
