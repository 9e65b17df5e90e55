import type { NatsSettings } from '../nats/config.ts'
import { serverAccount } from '../postgres/account.ts'
import { postgresBinaries } from '../postgres/binaries.ts'
import { type Cluster, clusterUrl, superuser } from '../postgres/cluster.ts'
import type { StateFolder } from '../state/folder.ts'
import { freePort } from '../state/ports.ts'
import { newSecret, openSecrets } from '../state/secrets.ts'
import { knownPorts } from './ports.ts'
import type { System } from './system.ts'
import { isBuilt, table } from './table.ts'
import { natsUsers, secretNames } from './users.ts'

/** What is to be run beside the parts; null where a server from outside takes its place. */
export interface Settled {
  readonly system: System
  readonly cluster: Cluster | null
  readonly nats: NatsSettings | null
}

/** Decides ports, secrets and addresses, before anything runs. @throws what the user has to mend */
export async function settle(root: string, folders: StateFolder, outside: NodeJS.ProcessEnv): Promise<Settled> {
  const secrets = openSecrets(folders, secretNames())
  const ports = knownPorts(outside)
  const cluster = outside.DATABASE_URL ? null : await embeddedCluster(folders, secrets.databasePassword(superuser))
  const nats: NatsSettings | null = outside.NATS_URL
    ? null
    : {
        port: await freePort(),
        monitorPort: await freePort(),
        storeFolder: folders.nats,
        users: natsUsers(secrets),
      }
  const natsFromOutside = outside.NATS_URL ? fromOutside(outside.NATS_URL, outside) : null
  const hasConsole = table.some(part => part.name === 'console' && isBuilt(part, root))
  const system: System = {
    root,
    folders,
    secrets,
    ports,
    gatewayHost: outside.HOST ?? '127.0.0.1',
    publicUrl: (outside.PUBLIC_URL ?? `http://localhost:${ports.PORT}`).replace(/\/+$/, ''),
    databaseUrl: cluster ? clusterUrl(cluster) : (outside.DATABASE_URL ?? ''),
    natsUrl: natsFromOutside?.url ?? `nats://127.0.0.1:${nats?.port}`,
    natsCredentials: user =>
      natsFromOutside ? natsFromOutside.credentials : { user, password: secrets.natsPassword(user) },
    smtpUrl: outside.SMTP_URL ?? `smtp://127.0.0.1:${ports.SMTP_PORT}`,
    otlpUrl: outside.OTEL_EXPORTER_OTLP_ENDPOINT ?? (hasConsole ? `http://127.0.0.1:${ports.OTLP_PORT}` : null),
    operatorTicket: newSecret(),
    outside,
  }
  return { system, cluster, nats }
}

async function embeddedCluster(folders: StateFolder, password: string): Promise<Cluster> {
  const account = serverAccount()
  return { binaries: postgresBinaries(account), account, folder: folders.postgres, port: await freePort(), password }
}

/** Whose server it is gives one user for all: in the address, or beside it. */
function fromOutside(text: string, outside: NodeJS.ProcessEnv) {
  const servers = text.split(',').map(server => new URL(server.includes('://') ? server : `nats://${server}`))
  const named = servers.find(server => server.username)
  const user = named ? decodeURIComponent(named.username) : outside.NATS_USER
  const password = named ? decodeURIComponent(named.password) : outside.NATS_PASSWORD
  const url = servers.map(({ protocol, host }) => `${protocol}//${host}`).join(',')
  return { url, credentials: user && password !== undefined ? { user, password } : null }
}
