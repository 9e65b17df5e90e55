import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { caddyConfig, haproxyConfig, nginxConfig } from './peers/config-files.ts'
import { freePort, installed, type Running, start, startScript } from './processes.ts'

const script = (name: string) => join(import.meta.dirname, 'peers', `${name}.ts`)

/** Everything that is measured side by side, in front of the same replicas. */
export interface PeerKind {
  readonly name: string
  /** Why it cannot be measured here; null when it can. */
  readonly missing: () => string | null
  readonly start: (upstreams: readonly string[]) => Promise<Running>
}

const ours = (name: string, file: string, env: Record<string, string> = {}): PeerKind => ({
  name,
  missing: () => null,
  start: async upstreams =>
    startScript(name, await freePort(), script(file), { UPSTREAMS: upstreams.join(','), ...env }),
})

const program = (
  name: string,
  configure: (port: number, upstreams: readonly string[], most: number | null, folder: string) => string,
  argsOf: (file: string, folder: string) => string[],
  most: number | null = null,
): PeerKind => ({
  name: most === null ? name : `${name}, ${most} each`,
  missing: () => (installed(name) ? null : `${name} is not installed`),
  start: async upstreams => {
    const folder = mkdtempSync(join(tmpdir(), `bench-${name}-`))
    mkdirSync(join(folder, 'body'))
    const port = await freePort()
    const file = join(folder, 'config')
    writeFileSync(file, configure(port, upstreams, most, folder))
    return start(name, port, name, argsOf(file, folder), { GOMAXPROCS: '1', HOME: folder })
  },
})

export const undiciPeer = ours('undici dispatch', 'undici')
export const httpProxyPeer = ours('@fastify/http-proxy', 'http-proxy')
export const forwarderPeer = (strategy: string): PeerKind =>
  ours(`forwarder, ${strategy}`, 'forwarder', { STRATEGY: strategy })
const nginxArgs = (file: string, folder: string) => ['-c', file, '-p', folder, '-e', join(folder, 'error.log')]
const haproxyArgs = (file: string) => ['-f', file, '-db']
const caddyArgs = (file: string) => ['run', '--config', file, '--adapter', '']

export const nginxPeer = program('nginx', nginxConfig, nginxArgs)
export const haproxyPeer = program('haproxy', haproxyConfig, haproxyArgs)
export const caddyPeer = program('caddy', caddyConfig, caddyArgs)

/** The same, told by hand how many requests a replica can have at a time. */
export const limitedPeers = (most: number): PeerKind[] => [
  program('nginx', nginxConfig, nginxArgs, most),
  program('haproxy', haproxyConfig, haproxyArgs, most),
  program('caddy', caddyConfig, caddyArgs, most),
]
