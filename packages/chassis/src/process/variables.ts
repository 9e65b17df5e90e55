import { randomBytes } from 'node:crypto'
import { choice, integer, number, type Reader, text, url } from './environment.ts'

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

function instanceName(service: string): Reader<string> {
  const read = text({ pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, means: 'at most 64 letters, digits, dots, dashes' })
  return given => read(given ?? `${service}-${randomBytes(3).toString('hex')}`)
}
