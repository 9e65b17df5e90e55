import type { ServiceContract } from '@portico/contracts'
import { Type } from 'typebox'
import { Value } from 'typebox/value'

const everyMs = 50
const attemptMs = 5_000
const Document = Type.Object({ paths: Type.Record(Type.String(), Type.Unknown()) })

/**
 * Resolves when the gateway routes to each of these services: a replica that serves is found by what it announces, up
 * to a second later. @throws after `withinMs`, naming those it does not know
 */
export async function routed(
  gatewayUrl: string,
  contracts: readonly ServiceContract[],
  withinMs: number,
): Promise<void> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const known = await knownPaths(gatewayUrl)
    const missing = contracts.filter(contract => !isKnown(contract, known)).map(({ name }) => name)
    if (missing.length === 0) return
    if (Date.now() > deadline) throw new Error(`The gateway does not know ${missing.join(', ')} yet`)
    await new Promise(resolve => setTimeout(resolve, everyMs))
  }
}

/** Whether one of its routes is there; a service without any for people has nothing to wait for. */
function isKnown({ operations }: ServiceContract, known: ReadonlySet<string>): boolean {
  const paths = operations.filter(({ policy }) => policy.access !== 'internal').map(({ url }) => withBraces(url))
  return paths.length === 0 || paths.some(path => known.has(path))
}

/** OpenAPI's notation of Fastify's `/v1/posts/:id`. */
function withBraces(url: string): string {
  return url.replace(/:(\w+)/g, '{$1}')
}

async function knownPaths(gatewayUrl: string): Promise<ReadonlySet<string>> {
  try {
    const response = await fetch(`${gatewayUrl}/openapi.json`, { signal: AbortSignal.timeout(attemptMs) })
    const document: unknown = await response.json()
    return new Set(Value.Check(Document, document) ? Object.keys(document.paths) : [])
  } catch {
    return new Set()
  }
}
