import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.ts'

/**
 * What `tag_ids` columns stand for. A tag is never renamed, so what is remembered stays true; the oldest go when it is
 * full. Kept by whole columns, since posts share few combinations: a list of 20 is 20 look-ups.
 */
export interface TagNames {
  /** The names of each column, in its order. Asks the database only for columns it has not met. */
  resolve(db: Kysely<Tables>, columns: readonly string[]): Promise<(readonly string[])[]>
}

export function createTagNames({ limit }: { limit: number }): TagNames {
  const known = new Map<string, readonly string[]>([['', []]])
  return {
    async resolve(db, columns) {
      const missing = columns.filter(column => !known.has(column))
      const found = missing.length > 0 ? await namesOf(db, missing) : known
      const names = columns.map(column => known.get(column) ?? found.get(column) ?? [])
      for (const column of missing) known.set(column, found.get(column) ?? [])
      forgetOldest(known, limit)
      return names
    },
  }
}

async function namesOf(db: Kysely<Tables>, columns: readonly string[]): Promise<Map<string, string[]>> {
  const ids = new Set(columns.flatMap(column => column.split(',').map(Number)))
  const rows = await db
    .selectFrom('tags')
    .select(['id', 'name'])
    .where('id', 'in', [...ids])
    .execute()
  const names = new Map(rows.map(({ id, name }) => [String(id), name]))
  return new Map(columns.map(column => [column, column.split(',').flatMap(id => names.get(id) ?? [])]))
}

function forgetOldest(known: Map<string, unknown>, limit: number): void {
  for (const column of known.keys()) {
    if (known.size <= limit) return
    if (column !== '') known.delete(column)
  }
}
