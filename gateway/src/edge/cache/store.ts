import { LRUCache } from 'lru-cache'
import type { Visit } from '../visit.ts'
import { type Entry, sizeOf } from './entry.ts'
import { matches } from './key.ts'

/** All variants of one address. */
interface Variants {
  readonly entries: readonly Entry[]
}

/** Kept answers within a bound of bytes; what was not used for longest goes first. */
export interface Store {
  find(key: string, visit: Visit): Entry | null
  /** Takes the place of the variant that answered the same requests. */
  put(entry: Entry, visit: Visit): void
  remove(entry: Entry): void
  /** After an entry got its body in another coding. */
  grew(entry: Entry): void
  forget(key: string): void
  /** @returns how many entries went */
  purge(tags: readonly string[]): number
  /** Everything that a purge could have meant. */
  purgeTagged(): void
  clear(): void
  stats(): { entries: number; bytes: number; limitBytes: number }
}

const mostVariants = 32

export function createStore(limitBytes: number): Store {
  const tagged = new Map<string, Set<string>>()
  let entryCount = 0
  const cache = new LRUCache<string, Variants>({
    maxSize: limitBytes,
    sizeCalculation: ({ entries }) => entries.reduce((bytes, entry) => bytes + sizeOf(entry), 0),
    disposeAfter: ({ entries }, key) => left(entries, cache.peek(key)?.entries ?? []),
  })

  /** @param rest what the key has now */
  function left(entries: readonly Entry[], rest: readonly Entry[]): void {
    entryCount -= entries.length
    for (const entry of entries) {
      entry.kept = rest.includes(entry)
      for (const tag of entry.head.tags) {
        if (rest.some(({ head }) => head.tags.includes(tag))) continue
        const keys = tagged.get(tag)
        keys?.delete(entry.key)
        if (keys?.size === 0) tagged.delete(tag)
      }
    }
  }

  function set(key: string, entries: readonly Entry[]): void {
    if (entries.length === 0) {
      cache.delete(key)
      return
    }
    entryCount += entries.length
    for (const { head } of entries) {
      for (const tag of head.tags) {
        const keys = tagged.get(tag)
        if (keys === undefined) tagged.set(tag, new Set([key]))
        else keys.add(key)
      }
    }
    for (const entry of entries) entry.kept = true
    cache.set(key, { entries })
    // Larger than the whole store: lru-cache has dropped it without a word.
    if (!cache.has(key)) left(entries, [])
  }

  const entriesOf = (key: string) => cache.peek(key)?.entries ?? []

  function purge(tags: readonly string[]): number {
    const before = entryCount
    for (const tag of tags) {
      for (const key of [...(tagged.get(tag) ?? [])]) {
        set(
          key,
          entriesOf(key).filter(({ head }) => !head.tags.includes(tag)),
        )
      }
    }
    return before - entryCount
  }

  return {
    find(key, visit) {
      const variants = cache.get(key)
      if (variants === undefined) return null
      for (const entry of variants.entries) if (matches(entry.head.selection, visit)) return entry
      return null
    },
    put(entry, visit) {
      const others = entriesOf(entry.key).filter(({ head }) => !matches(head.selection, visit))
      set(entry.key, [entry, ...others.slice(0, mostVariants - 1)])
    },
    remove(entry) {
      set(
        entry.key,
        entriesOf(entry.key).filter(other => other !== entry),
      )
    },
    grew(entry) {
      if (entry.kept) set(entry.key, [...entriesOf(entry.key)])
    },
    forget: key => set(key, []),
    purge,
    purgeTagged: () => void purge([...tagged.keys()]),
    clear: () => cache.clear(),
    stats: () => ({ entries: entryCount, bytes: cache.calculatedSize, limitBytes }),
  }
}
