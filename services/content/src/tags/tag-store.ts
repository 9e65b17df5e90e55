import type { Tag } from '@portico/contracts/content'
import { decodeCursor, encodeCursor, keyset, type Page, page } from '@portico/database'
import { type Kysely, sql } from 'kysely'
import type { Tables } from '../db/tables.ts'

export type TagStore = ReturnType<typeof tagStore>

export function tagStore(db: Kysely<Tables>) {
  return {
    /** The ids of these tags, in their order; new ones are added. Sorted when written, so that two writers never wait for each other in a circle. */
    async idsOf(names: readonly string[]): Promise<number[]> {
      if (names.length === 0) return []
      const known = await idsByName(db, names)
      const unknown = names.filter(name => !known.has(name)).sort()
      if (unknown.length > 0) {
        const values = unknown.map(name => ({ name }))
        await db
          .insertInto('tags')
          .values(values)
          .onConflict(conflict => conflict.column('name').doNothing())
          .execute()
        for (const [name, id] of await idsByName(db, unknown)) known.set(name, id)
      }
      return names.flatMap(name => known.get(name) ?? [])
    },

    /** Tags that published posts have, by name, with how many have them. */
    async counted({ limit, cursor }: { limit: number; cursor: string | undefined }): Promise<Page<Tag>> {
      const after = cursor === undefined ? null : decodeCursor(cursor, { list, shape: ['text'] })
      const query = db
        .selectFrom('tags')
        .innerJoin('post_tags', 'post_tags.tag_id', 'tags.id')
        .select(['tags.name', eb => eb.fn.countAll<number>().as('posts')])
        .where('post_tags.published_at', 'is not', null)
        .groupBy(['tags.id', 'tags.name'])
      const rows = await keyset(query, [{ column: sql.ref('tags.name'), direction: 'asc' }], after)
        .limit(sql.lit(limit + 1))
        .execute()
      return page(rows, limit, ({ name }) => encodeCursor([name], { list }))
    },
  }
}

const list = 'tags'

async function idsByName(db: Kysely<Tables>, names: readonly string[]): Promise<Map<string, number>> {
  const rows = await db.selectFrom('tags').select(['id', 'name']).where('name', 'in', names).execute()
  return new Map(rows.map(({ id, name }) => [name, id]))
}
