import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.ts'

/** Names of tags by id. A tag is never renamed, so what is remembered stays true; the oldest go when it is full. */
export interface TagNames {
  /** The names that a `tag_ids` column stands for, in its order. Asks the database only for ids it has not met. */
  resolve(db: Kysely<Tables>, columns: readonly string[]): Promise<(column: string) => string[]>
}

export function createTagNames({ limit }: { limit: number }): TagNames {
  const names = new Map<string, string>()
  return {
    async resolve(db, columns) {
      const missing = new Set(columns.flatMap(idsIn).filter(id => !names.has(id)))
      if (missing.size > 0) {
        const rows = await db
          .selectFrom('tags')
          .select(['id', 'name'])
          .where('id', 'in', [...missing].map(Number))
          .execute()
        for (const { id, name } of rows) names.set(String(id), name)
      }
      const resolved = new Map(columns.map(column => [column, idsIn(column).flatMap(id => names.get(id) ?? [])]))
      forgetOldest(names, limit)
      return column => resolved.get(column) ?? []
    },
  }
}

const idsIn = (column: string) => (column === '' ? [] : column.split(','))

function forgetOldest(names: Map<string, string>, limit: number): void {
  for (const id of names.keys()) {
    if (names.size <= limit) return
    names.delete(id)
  }
}
