import { type NatsUser, natsAuthorization } from '@portico/messaging/permissions'

export interface NatsSettings {
  readonly port: number
  readonly monitorPort: number
  readonly storeFolder: string
  readonly users: readonly NatsUser[]
}

/** A nats.conf with one user a process, each allowed what its contract says and nothing else. */
export function natsConfig({ port, monitorPort, storeFolder, users }: NatsSettings): string {
  return `server_name: portico
listen: "127.0.0.1:${port}"
http: "127.0.0.1:${monitorPort}"
max_payload: 1MB
# Half-open connections are found in seconds, not in the default's minutes.
ping_interval: "10s"
ping_max: 2
jetstream {
  store_dir: ${JSON.stringify(storeFolder)}
  max_memory_store: 256MB
  max_file_store: 10GB
}
${natsAuthorization(users)}`
}
