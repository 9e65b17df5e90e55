import { resolve } from 'node:path'
import { integer, json, list, processVariables, readEnvironment, text, url } from '@portico/chassis'
import { publicKeysOf } from '@portico/identity'

export type Config = ReturnType<typeof readConfig>

/** The only reader of the environment. A mistake stops the start, and names the variable. */
export function readConfig(env: Readonly<Record<string, string | undefined>>) {
  const read = readEnvironment(env, {
    ...processVariables('console'),
    NATS_URL: list({ or: ['nats://127.0.0.1:4222'] }),
    NATS_USER: text({ or: null }),
    NATS_PASSWORD: text({ or: null }),
    IDENTITY_JWKS: json(publicKeysOf),
    CONSOLE_STATE: text(),
    OTLP_PORT: integer({ min: 0, max: 65_535, or: 4_318 }),
    SMTP_PORT: integer({ min: 0, max: 65_535, or: 2_525 }),
    CONSOLE_SPANS: integer({ min: 1_000, max: 100_000_000, or: 1_000_000 }),
    CONSOLE_MAILS: integer({ min: 10, max: 1_000_000, or: 10_000 }),
    GATEWAY_ADMIN_URL: url({ protocols: ['http', 'https'], or: null }),
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
    nats: {
      servers: read.NATS_URL,
      user: read.NATS_USER ?? undefined,
      password: read.NATS_PASSWORD ?? undefined,
    },
    jwks: read.IDENTITY_JWKS,
    state: resolve(read.CONSOLE_STATE),
    otlpPort: read.OTLP_PORT,
    smtpPort: read.SMTP_PORT,
    /** How many are kept at most; the oldest go. */
    keep: { spans: read.CONSOLE_SPANS, mails: read.CONSOLE_MAILS },
  }
}
