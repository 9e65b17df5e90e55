import { join } from 'node:path'
import { databaseOf, ownerOf, urlAs } from '../postgres/roles.ts'
import type { Secrets } from '../state/secrets.ts'
import type { Environment, System } from './system.ts'
import type { Part } from './table.ts'

/** Ours to give out, part by part: nobody gets the server's own credentials or npm's settings. */
const keptBack = /^(npm_|PORTICO_|DATABASE_URL$|NATS_|PORT$|HOST$|INSTANCE$|INIT_CWD$)/

/** Nobody waits behind a balancer of another machine here, so a stop need not wait long for the news to spread. */
const drainMs = 300

/** The environment of one replica. What the user set for all (`LOG_LEVEL`, `RATE_LIMIT`, …) comes along. */
export function environmentOf(part: Part, replica: number, port: number, system: System): NodeJS.ProcessEnv {
  const { outside, folders, secrets, databaseUrl, natsUrl, otlpUrl } = system
  const passedOn = Object.fromEntries(Object.entries(outside).filter(([name]) => !keptBack.test(name)))
  const nats = system.natsCredentials(part.name)
  return {
    NODE_ENV: 'production',
    NODE_COMPILE_CACHE: join(folders.cache, 'compile'),
    DRAIN_MS: String(drainMs),
    ...passedOn,
    HOST: '127.0.0.1',
    PORT: String(port),
    INSTANCE: instanceOf(part, replica),
    NATS_URL: natsUrl,
    ...(nats ? { NATS_USER: nats.user, NATS_PASSWORD: nats.password } : {}),
    ...(otlpUrl ? { OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl } : {}),
    ...part.secrets(secrets),
    ...(part.database ? databaseEnvironment(part.name, databaseUrl, secrets) : {}),
    ...part.environment?.(system),
  }
}

/** `content-1`; what there is only one of keeps its plain name. */
export function instanceOf({ name, replicas }: Part, replica: number): string {
  return replicas > 1 ? `${name}-${replica}` : name
}

/** Where a service finds its database, as itself and as the owner who migrates. */
export function databaseEnvironment(service: string, databaseUrl: string, secrets: Secrets): Environment {
  const as = (role: string) =>
    urlAs(databaseUrl, { role, password: secrets.databasePassword(role), database: databaseOf(service) })
  return { DATABASE_URL: as(service), DATABASE_MIGRATION_URL: as(ownerOf(service)) }
}
