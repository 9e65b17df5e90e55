import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { natsAuthorization } from '@portico/messaging/permissions'
import { superuser } from '../postgres/cluster.ts'
import { createServiceDatabases, ownerOf } from '../postgres/roles.ts'
import { openSecrets, type Secrets, writePrivately } from '../state/secrets.ts'
import { databaseEnvironment } from '../system/environment.ts'
import type { Environment } from '../system/system.ts'
import { type Part, supervisorUser, table } from '../system/table.ts'
import { natsUsers, secretNames, servicesWithDatabase } from '../system/users.ts'

/**
 * Before the containers of docker-compose.yml start: `secrets` makes passwords and keys where there are none, one folder
 * a container, so that each mounts only its own; `databases` makes databases and roles; `token` shows the operator's.
 */
const folder = process.env.SECRETS_FOLDER ?? '/secrets'
const postgresHost = process.env.POSTGRES_HOST ?? 'postgres:5432'
const own = join(folder, 'own')

mkdirSync(own, { recursive: true, mode: 0o700 })
const secrets = openSecrets(
  { secretsFile: join(own, 'secrets.json'), operatorTokenFile: join(own, 'operator-token') },
  secretNames(),
)
const adminUrl = `postgres://${superuser}:${secrets.databasePassword(superuser)}@${postgresHost}/postgres`

const commands: Readonly<Record<string, () => void | Promise<void>>> = {
  secrets() {
    // The server reads it as its own user, whose id is not ours.
    chmodSync(write('postgres', 'password', secrets.databasePassword(superuser)), 0o644)
    write('nats', 'users.conf', natsAuthorization(natsUsers(secrets)))
    for (const part of table) write(part.name, 'env', environmentFile(part, secrets))
    write(supervisorUser, 'env', fileOf(natsEnvironment(supervisorUser, secrets)))
  },
  databases: () =>
    createServiceDatabases(
      adminUrl,
      servicesWithDatabase().map(service => ({
        service,
        ownerPassword: secrets.databasePassword(ownerOf(service)),
        password: secrets.databasePassword(service),
      })),
    ),
  token: () => console.log(secrets.operatorToken),
}

const command = commands[process.argv[2] ?? '']
if (!command) throw new Error(`One of ${Object.keys(commands).join(', ')}`)
await command()

function write(container: string, name: string, text: string): string {
  mkdirSync(join(folder, container), { recursive: true, mode: 0o755 })
  const file = join(folder, container, name)
  writePrivately(file, text)
  return file
}

function environmentFile(part: Part, secrets: Secrets): string {
  return fileOf({
    ...natsEnvironment(part.name, secrets),
    ...part.secrets(secrets),
    ...(part.database ? databaseEnvironment(part.name, adminUrl, secrets) : {}),
  })
}

function natsEnvironment(user: string, secrets: Secrets): Environment {
  return { NATS_USER: user, NATS_PASSWORD: secrets.natsPassword(user) }
}

/** As `node --env-file` reads it. */
function fileOf(variables: Environment): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join('')
}
