import { type ContractDocument, contractDigest, contractPath } from '@portico/contracts'
import { request } from 'undici'
import { contractLimits, readContract } from './contract-schema.ts'

/** Contracts by digest: each is fetched once from whichever replica has it, checked, and kept. */
export interface ContractStore {
  get(digest: string): ContractDocument | undefined
  /**
   * Fetches what the replica at `address` serves, unless its digest is known. `digest` null: the caller does not know
   * it, and what comes is believed. Rejects when it cannot be had, is not a contract, or has another digest.
   */
  fetch(address: string, digest: string | null): Promise<{ digest: string; document: ContractDocument }>
  /** Forgets all but these. */
  keepOnly(digests: ReadonlySet<string>): void
}

const fetchTimeoutMs = 3_000

export function createContractStore(): ContractStore {
  const known = new Map<string, ContractDocument>()
  const underWay = new Map<string, Promise<{ digest: string; document: ContractDocument }>>()

  async function load(address: string, expected: string | null) {
    const document = readContract(JSON.parse(await readText(address)))
    const digest = contractDigest(document)
    if (expected !== null && digest !== expected) throw new Error('the contract has another digest than was announced')
    known.set(digest, document)
    return { digest, document }
  }

  return {
    get: digest => known.get(digest),
    fetch(address, digest) {
      const document = digest === null ? undefined : known.get(digest)
      if (digest !== null && document !== undefined) return Promise.resolve({ digest, document })
      const key = digest ?? address
      const waiting = underWay.get(key)
      if (waiting) return waiting
      const loading = load(address, digest).finally(() => underWay.delete(key))
      underWay.set(key, loading)
      return loading
    },
    keepOnly(digests) {
      for (const digest of known.keys()) if (!digests.has(digest)) known.delete(digest)
    },
  }
}

async function readText(address: string): Promise<string> {
  const { statusCode, body } = await request(new URL(contractPath, address), {
    signal: AbortSignal.timeout(fetchTimeoutMs),
    headers: { accept: 'application/json' },
  })
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of body) {
    bytes += part.length
    if (bytes > contractLimits.bytes) throw new Error('the contract is too large')
    parts.push(part)
  }
  if (statusCode !== 200) throw new Error(`the contract is answered with ${statusCode}`)
  return Buffer.concat(parts).toString('utf8')
}
