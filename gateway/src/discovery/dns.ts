import { Resolver } from 'node:dns/promises'
import type { Directory } from './directory.ts'
import { passiveSighting } from './listed.ts'

/** `content=http://content.default.svc:3000`: each address the name has is a replica (a headless service, for one). */
export interface NamedReplicas {
  readonly service: string
  readonly address: string
}

export type Resolve = (hostname: string) => Promise<string[]>

/**
 * Resolves each name every `everyMs`. An address that leaves the answer is gone; a failing resolver takes nobody away:
 * what is known stays.
 */
export function watchNames({
  names,
  directory,
  everyMs,
  resolve = resolveBoth(),
}: {
  names: readonly NamedReplicas[]
  directory: Directory
  everyMs: number
  resolve?: Resolve
}): { close(): void } {
  const found = new Map<NamedReplicas, Set<string>>()

  async function look(name: NamedReplicas): Promise<void> {
    const { protocol, hostname, port } = new URL(name.address)
    const addresses = await resolve(hostname).catch(() => null)
    if (addresses === null || addresses.length === 0) return
    const before = found.get(name) ?? new Set()
    const now = new Set(addresses.map(address => `${protocol}//${bracketed(address)}:${port || '80'}`))
    found.set(name, now)
    for (const address of now) directory.saw(passiveSighting({ service: name.service, address, source: 'dns' }))
    for (const address of before) if (!now.has(address)) directory.gone(name.service, new URL(address).host)
  }

  const lookAll = () => {
    for (const name of names) void look(name)
  }
  lookAll()
  const timer = setInterval(lookAll, everyMs)
  timer.unref()
  return { close: () => clearInterval(timer) }
}

const bracketed = (address: string) => (address.includes(':') ? `[${address}]` : address)

function resolveBoth(): Resolve {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  return async hostname => {
    const families = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
    return families.flatMap(family => (family.status === 'fulfilled' ? family.value : []))
  }
}
