import { LRUCache } from 'lru-cache'
import { type Coding, type Compressor, preferred } from '../compression.ts'
import type { Encoded, Entry } from './entry.ts'
import type { Store } from './store.ts'

/** Kept answers in the codings that clients take, each made once. */
export interface Codings {
  /** Null: the client gets it as it came; also while the coded one is still being made. */
  find(entry: Entry, acceptEncoding: string | undefined): Encoded | null
}

/** Below this the coding costs more than it saves. */
const leastBytes = 1_024
const mostAtOnce = 4

export function createCodings(compressor: Compressor | null, store: Pick<Store, 'grew'>): Codings {
  const chosen = new LRUCache<string, { coding: Coding | null }>({ max: 1_000 })
  let running = 0

  function codingOf(accept: string): Coding | null {
    let choice = chosen.get(accept)
    if (choice === undefined) {
      choice = { coding: preferred(accept) }
      chosen.set(accept, choice)
    }
    return choice.coding
  }

  async function make(entry: Entry, coding: Coding, { whole, headers }: Compressor): Promise<void> {
    running += 1
    entry.encoded.set(coding, null)
    try {
      const body = await whole(coding, entry.body)
      const dressed = [...headers(entry.head.dressed, coding), 'content-length', String(body.length)]
      entry.encoded.set(coding, { dressed, body })
      store.grew(entry)
    } catch {
      entry.encoded.delete(coding)
    } finally {
      running -= 1
    }
  }

  return {
    find(entry, accept) {
      if (compressor === null || accept === undefined || entry.body.length < leastBytes) return null
      const coding = codingOf(accept)
      if (coding === null) return null
      const made = entry.encoded.get(coding)
      if (made === undefined && running < mostAtOnce) void make(entry, coding, compressor)
      return made ?? null
    },
  }
}
