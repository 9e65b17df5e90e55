/** What was removed since a moment: `unknown` when too much has happened to tell. */
export type Removed = 'nothing' | 'unknown' | { readonly keys: ReadonlySet<string>; readonly tags: ReadonlySet<string> }

/**
 * What was purged or invalidated lately. An answer that was asked for before a removal may be from before the change that
 * it was about: it must not be kept after it.
 */
export interface Removals {
  mark(): number
  since(mark: number): Removed
  key(key: string): void
  tags(tags: readonly string[]): void
  everything(): void
}

const mostRemembered = 1_000

export function createRemovals(): Removals {
  const log: ({ key: string } | { tags: readonly string[] })[] = []
  let first = 0

  function add(removal: { key: string } | { tags: readonly string[] }): void {
    log.push(removal)
    if (log.length <= mostRemembered * 2) return
    log.splice(0, mostRemembered)
    first += mostRemembered
  }

  return {
    mark: () => first + log.length,
    since(mark) {
      if (mark === first + log.length) return 'nothing'
      if (mark < first) return 'unknown'
      const keys = new Set<string>()
      const tags = new Set<string>()
      for (const removal of log.slice(mark - first)) {
        if ('key' in removal) keys.add(removal.key)
        else for (const tag of removal.tags) tags.add(tag)
      }
      return { keys, tags }
    },
    key: key => add({ key }),
    tags: tags => add({ tags }),
    everything() {
      first += log.length + 1
      log.length = 0
    },
  }
}
