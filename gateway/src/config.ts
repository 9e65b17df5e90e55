import { choice, flag, integer, list, number, type Readers, readEnvironment, text, url } from '@portico/chassis'
import { type Strategy, strategies } from './balancing/balancer.ts'
import type { NamedReplicas } from './discovery/dns.ts'
import type { ListedReplica } from './discovery/listed.ts'
import { originOf } from './discovery/sighting.ts'
import { blockList } from './edge/client-address.ts'
import { type Limits, limitDefaults } from './edge/limits.ts'
import { type RateRules, rateDefaults } from './edge/rate-limit.ts'

/** Everything that can be set from outside, in the shapes that the gateway works with. */
export interface Config {
  readonly host: string
  readonly port: number
  readonly adminHost: string
  readonly adminPort: number
  readonly instance: string
  readonly zone: string
  readonly publicUrl: string
  readonly bus: { readonly servers: readonly string[]; readonly user: string | null; readonly password: string | null }
  readonly telemetry: { readonly otlpUrl: string | null; readonly sampleRatio: number; readonly logLevel: string }
  readonly listed: readonly ListedReplica[]
  readonly named: readonly NamedReplicas[]
  readonly dnsEveryMs: number
  readonly strategy: Strategy
  readonly slowStartMs: number
  readonly trustedProxies: readonly string[]
  readonly corsOrigins: readonly string[]
  /** Null: nobody is counted. */
  readonly rates: RateRules | null
  readonly limits: Limits
  readonly cacheBytes: number
  readonly compression: boolean
  readonly workers: number
  /** Which of the workers this process is, from 0; set by the process that starts them. */
  readonly worker: number
  /** Others serve meanwhile: it takes no connection before it knows whom to send requests to. */
  readonly workerWaits: boolean
  readonly tls: { readonly certificateFile: string; readonly keyFile: string } | null
  readonly drainMs: number
  readonly shutdownMs: number
}

type Reader<T> = (given: string | undefined) => { value: T } | { wrong: string }

const port = { min: 0, max: 65_535 }
const mebibytes = 1_048_576

const variables = {
  HOST: text({ or: '127.0.0.1' }),
  PORT: integer({ ...port, or: 8_080 }),
  ADMIN_HOST: text({ or: '127.0.0.1' }),
  ADMIN_PORT: integer({ ...port, or: 9_090 }),
  INSTANCE: text({ or: null }),
  ZONE: text({ or: '' }),
  PUBLIC_URL: url({ protocols: ['http', 'https'], or: 'http://localhost:8080' }),
  NATS_URL: list({ or: ['nats://127.0.0.1:4222'] }),
  NATS_USER: text({ or: null }),
  NATS_PASSWORD: text({ or: null }),
  OTEL_EXPORTER_OTLP_ENDPOINT: url({ protocols: ['http', 'https'], or: null }),
  OTEL_TRACES_SAMPLER_ARG: number({ min: 0, max: 1, or: 1 }),
  LOG_LEVEL: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { or: 'info' }),
  /** `content=http://10.0.0.1:3000,…`: replicas that do not announce themselves. */
  UPSTREAMS: replicas(),
  /** `content=http://content.default.svc:3000,…`: each address the name has is a replica. */
  UPSTREAMS_DNS: replicas(),
  DNS_EVERY_MS: integer({ min: 100, max: 3_600_000, or: 5_000 }),
  BALANCING: choice(strategies, { or: 'peak-ewma' as const }),
  SLOW_START_MS: integer({ min: 0, max: 600_000, or: 10_000 }),
  TRUSTED_PROXIES: networks(),
  CORS_ORIGINS: origins(),
  RATE_LIMIT: flag({ or: true }),
  /** `read=3000/60,write=600/60`: requests per seconds, for the classes that differ from the defaults. */
  RATE_LIMITS: rates(),
  MAX_HEADER_BYTES: integer({ min: 1_024, max: 1_048_576, or: limitDefaults.headerBytes }),
  MAX_HEADER_COUNT: integer({ min: 10, max: 2_000, or: limitDefaults.headerCount }),
  HEADERS_TIMEOUT_MS: integer({ min: 100, max: 600_000, or: limitDefaults.headersMs }),
  REQUEST_TIMEOUT_MS: integer({ min: 100, max: 86_400_000, or: limitDefaults.requestMs }),
  KEEP_ALIVE_MS: integer({ min: 0, max: 3_600_000, or: limitDefaults.keepAliveMs }),
  CONNECTIONS_PER_ADDRESS: integer({ min: 1, max: 1_000_000, or: limitDefaults.connectionsPerAddress }),
  CACHE_BYTES: integer({ min: 0, max: 16 * 1_024 * mebibytes, or: 64 * mebibytes }),
  COMPRESSION: flag({ or: true }),
  WORKERS: integer({ min: 1, max: 256, or: 1 }),
  WORKER: integer({ min: 0, max: 255, or: 0 }),
  WORKER_WAITS: flag({ or: false }),
  TLS_CERTIFICATE_FILE: text({ or: null }),
  TLS_KEY_FILE: text({ or: null }),
  DRAIN_MS: integer({ min: 0, max: 600_000, or: 1_000 }),
  SHUTDOWN_MS: integer({ min: 0, max: 600_000, or: 5_000 }),
} as const satisfies Readers

/** The only reader of the environment. A bad value ends the process with the variable's name and what is wrong with it. */
export function readConfig(
  env: Readonly<Record<string, string | undefined>>,
  refuse?: (mistakes: readonly string[]) => never,
): Config {
  const read = readEnvironment(env, { ...variables, ...tlsPair(env) }, refuse)
  return {
    host: read.HOST,
    port: read.PORT,
    adminHost: read.ADMIN_HOST,
    // Each worker has numbers of its own, so each has a port to read them at.
    adminPort: read.ADMIN_PORT === 0 ? 0 : read.ADMIN_PORT + read.WORKER,
    instance: `${read.INSTANCE ?? `gateway-${process.pid}`}${read.WORKERS > 1 ? `.${read.WORKER}` : ''}`,
    zone: read.ZONE,
    publicUrl: read.PUBLIC_URL,
    bus: { servers: read.NATS_URL, user: read.NATS_USER, password: read.NATS_PASSWORD },
    telemetry: {
      otlpUrl: read.OTEL_EXPORTER_OTLP_ENDPOINT,
      sampleRatio: read.OTEL_TRACES_SAMPLER_ARG,
      logLevel: read.LOG_LEVEL,
    },
    listed: read.UPSTREAMS,
    named: read.UPSTREAMS_DNS,
    dnsEveryMs: read.DNS_EVERY_MS,
    strategy: read.BALANCING,
    slowStartMs: read.SLOW_START_MS,
    trustedProxies: read.TRUSTED_PROXIES,
    corsOrigins: read.CORS_ORIGINS,
    rates: read.RATE_LIMIT ? { ...rateDefaults, ...read.RATE_LIMITS } : null,
    limits: {
      headerBytes: read.MAX_HEADER_BYTES,
      headerCount: read.MAX_HEADER_COUNT,
      headersMs: read.HEADERS_TIMEOUT_MS,
      requestMs: read.REQUEST_TIMEOUT_MS,
      keepAliveMs: read.KEEP_ALIVE_MS,
      connectionsPerAddress: read.CONNECTIONS_PER_ADDRESS,
    },
    cacheBytes: read.CACHE_BYTES,
    compression: read.COMPRESSION,
    workers: read.WORKERS,
    worker: read.WORKER,
    workerWaits: read.WORKER_WAITS,
    tls:
      read.TLS_CERTIFICATE_FILE === null || read.TLS_KEY_FILE === null
        ? null
        : { certificateFile: read.TLS_CERTIFICATE_FILE, keyFile: read.TLS_KEY_FILE },
    drainMs: read.DRAIN_MS,
    shutdownMs: read.SHUTDOWN_MS,
  }
}

/** One of the two files alone is a mistake of the other. */
function tlsPair(env: Readonly<Record<string, string | undefined>>) {
  const together =
    (other: string): Reader<string | null> =>
    given => {
      if (given === undefined && env[other]) return { wrong: `is required together with ${other}` }
      return { value: given ?? null }
    }
  return { TLS_CERTIFICATE_FILE: together('TLS_KEY_FILE'), TLS_KEY_FILE: together('TLS_CERTIFICATE_FILE') }
}

const items = (given: string | undefined) =>
  (given ?? '')
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '')

function replicas(): Reader<ListedReplica[]> {
  return given => {
    const found: ListedReplica[] = []
    for (const item of items(given)) {
      const [, service, address = ''] = /^([a-z][a-z0-9-]{0,31})=(.+)$/.exec(item) ?? []
      const origin = originOf(address)
      if (service === undefined || origin === null)
        return { wrong: 'must be a list such as content=http://10.0.0.1:3000' }
      found.push({ service, address: origin })
    }
    return { value: found }
  }
}

function networks(): Reader<string[]> {
  return given => {
    try {
      blockList(items(given))
      return { value: items(given) }
    } catch {
      return { wrong: 'must be a list of addresses or networks such as 10.0.0.0/8' }
    }
  }
}

function origins(): Reader<string[]> {
  return given => {
    const isOrigin = (item: string) => URL.canParse(item) && new URL(item).origin === item
    if (!items(given).every(isOrigin)) return { wrong: 'must be a list of origins such as https://app.example.org' }
    return { value: items(given) }
  }
}

function rates(): Reader<Partial<RateRules>> {
  return given => {
    const rules: Partial<Record<keyof RateRules, RateRules['read']>> = {}
    for (const item of items(given)) {
      const [, name, perWindow, windowSeconds] =
        /^(read|write|auth|upload)=([1-9]\d{0,8})\/([1-9]\d{0,4})$/.exec(item) ?? []
      if (name !== 'read' && name !== 'write' && name !== 'auth' && name !== 'upload') {
        return { wrong: 'must be a list such as read=3000/60,write=600/60' }
      }
      rules[name] = { perWindow: Number(perWindow), windowSeconds: Number(windowSeconds) }
    }
    return { value: rules }
  }
}
