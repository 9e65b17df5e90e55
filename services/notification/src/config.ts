import { integer, json, list, processVariables, readEnvironment, text, url } from '@portico/chassis'
import { publicKeysOf } from '@portico/identity'

export type Config = ReturnType<typeof readConfig>

/** The only reader of the environment. A mistake stops the start, and names the variable. */
export function readConfig(env: Readonly<Record<string, string | undefined>>) {
  const read = readEnvironment(env, {
    ...processVariables('notification'),
    DATABASE_URL: url({ protocols: ['postgres', 'postgresql'] }),
    DATABASE_MIGRATION_URL: url({ protocols: ['postgres', 'postgresql'] }),
    DATABASE_POOL: integer({ min: 2, max: 200, or: 10 }),
    NATS_URL: list({ or: ['nats://127.0.0.1:4222'] }),
    NATS_USER: text({ or: null }),
    NATS_PASSWORD: text({ or: null }),
    IDENTITY_JWKS: json(publicKeysOf),
    SMTP_URL: url({ protocols: ['smtp', 'smtps'] }),
    MAIL_FROM: text({ pattern: /@/, means: 'an address: Portico <portico@example.org>' }),
    PUBLIC_URL: url({ protocols: ['http', 'https'], or: 'http://localhost:8080' }),
  })
  return {
    host: read.HOST,
    port: read.PORT,
    instance: read.INSTANCE,
    zone: read.ZONE,
    weight: read.WEIGHT,
    drainMs: read.DRAIN_MS,
    shutdownMs: read.SHUTDOWN_MS,
    telemetry: {
      logLevel: read.LOG_LEVEL,
      otlpUrl: read.OTEL_EXPORTER_OTLP_ENDPOINT ?? undefined,
      sampleRatio: read.OTEL_TRACES_SAMPLER_ARG,
    },
    database: { url: read.DATABASE_URL, migrationUrl: read.DATABASE_MIGRATION_URL, poolSize: read.DATABASE_POOL },
    nats: {
      servers: read.NATS_URL,
      user: read.NATS_USER ?? undefined,
      password: read.NATS_PASSWORD ?? undefined,
    },
    jwks: read.IDENTITY_JWKS,
    mail: { smtpUrl: read.SMTP_URL, from: read.MAIL_FROM },
    publicUrl: read.PUBLIC_URL,
  }
}
