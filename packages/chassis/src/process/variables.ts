import { randomBytes } from 'node:crypto'
import { publicKeysOf } from '@portico/identity'
import { choice, integer, json, list, number, type Reader, text, url, type ValuesOf } from './environment.ts'

/** Where a process listens, who it is, and how it leaves. */
export interface ServiceConfig {
  host: string
  /** 0: any free port; the real one is announced. */
  port: number
  instance: string
  zone: string
  weight: number
  /** How long it still serves after saying that it will stop. */
  drainMs: number
  /** Bound of the rest of the stop. */
  shutdownMs: number
}

/** The variables that every process has. Spread them into the shape of a `config.ts`. */
export function processVariables(service: string) {
  return {
    HOST: text({ or: '127.0.0.1' }),
    PORT: integer({ min: 0, max: 65_535, or: 0 }),
    INSTANCE: instanceName(service),
    ZONE: text({ or: '' }),
    WEIGHT: number({ min: 0, max: 1_000, or: 1 }),
    DRAIN_MS: integer({ min: 0, max: 600_000, or: 1_000 }),
    SHUTDOWN_MS: integer({ min: 100, max: 600_000, or: 5_000 }),
    LOG_LEVEL: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { or: 'info' as const }),
    OTEL_EXPORTER_OTLP_ENDPOINT: url({ protocols: ['http', 'https'], or: null }),
    OTEL_TRACES_SAMPLER_ARG: number({ min: 0, max: 1, or: 1 }),
  }
}

/** The variables of a process that speaks on the bus and is told who calls. */
export function memberVariables(service: string) {
  return {
    ...processVariables(service),
    NATS_URL: list({ or: ['nats://127.0.0.1:4222'] }),
    NATS_USER: text({ or: null }),
    NATS_PASSWORD: text({ or: null }),
    IDENTITY_JWKS: json(publicKeysOf),
  }
}

/** The variables of a service with a database of its own. */
export function serviceVariables(service: string) {
  return {
    ...memberVariables(service),
    DATABASE_URL: url({ protocols: ['postgres', 'postgresql'] }),
    DATABASE_MIGRATION_URL: url({ protocols: ['postgres', 'postgresql'] }),
    DATABASE_POOL: integer({ min: 2, max: 200, or: 10 }),
  }
}

/** {@link memberVariables} in the shape in which they are used. */
export function memberConfig(read: ValuesOf<ReturnType<typeof memberVariables>>) {
  const process: ServiceConfig = {
    host: read.HOST,
    port: read.PORT,
    instance: read.INSTANCE,
    zone: read.ZONE,
    weight: read.WEIGHT,
    drainMs: read.DRAIN_MS,
    shutdownMs: read.SHUTDOWN_MS,
  }
  return {
    ...process,
    telemetry: {
      logLevel: read.LOG_LEVEL,
      otlpUrl: read.OTEL_EXPORTER_OTLP_ENDPOINT ?? undefined,
      sampleRatio: read.OTEL_TRACES_SAMPLER_ARG,
    },
    nats: {
      servers: read.NATS_URL,
      user: read.NATS_USER ?? undefined,
      password: read.NATS_PASSWORD ?? undefined,
    },
    jwks: read.IDENTITY_JWKS,
  }
}

/** {@link serviceVariables} in the shape in which they are used. */
export function serviceConfig(read: ValuesOf<ReturnType<typeof serviceVariables>>) {
  const { DATABASE_URL, DATABASE_MIGRATION_URL, DATABASE_POOL } = read
  return {
    ...memberConfig(read),
    database: { url: DATABASE_URL, migrationUrl: DATABASE_MIGRATION_URL, poolSize: DATABASE_POOL },
  }
}

function instanceName(service: string): Reader<string> {
  const read = text({ pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, means: 'at most 64 letters, digits, dots, dashes' })
  return given => read(given ?? `${service}-${randomBytes(3).toString('hex')}`)
}
