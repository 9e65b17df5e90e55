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
        .innerJoinLateral(currentCount, join => join.onTrue())
        .select(['tags.name', 'current.posts'])
        .where('current.posts', '>', sql.lit(0))
      const rows = await keyset(query, [{ column: sql.ref('tags.name'), direction: 'asc' }], after)
        .limit(sql.lit(limit + 1))
        .execute()
      return page(rows, limit, ({ name }) => encodeCursor([name], { list }))
    },
  }
}

const list = 'tags'

/** What was added up, and what was not yet. One statement sees both as they were at one moment. */
const currentCount = sql<{ posts: number }>`(
  select tags.posts + coalesce(sum(tag_changes.by), 0)::int as posts from tag_changes where tag_changes.tag_id = tags.id
)`.as<'current'>(sql.ref('current'))

/**
 * Adds up what was written since, at most `limit` changes.
 *
 * @returns how many
 */
export async function addUpTags(db: Kysely<Tables>, limit: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with taken as (
      delete from tag_changes where id in (select id from tag_changes order by id limit ${limit} for update skip locked)
      returning tag_id, by
    ), sums as (
      select tag_id, sum(by) as by, count(*) as count from taken group by tag_id
    ), added as (
      update tags set posts = posts + sums.by from sums where tags.id = sums.tag_id
    )
    select coalesce(sum(count), 0)::int as count from sums`.execute(db)
  return rows[0]?.count ?? 0
}

async function idsByName(db: Kysely<Tables>, names: readonly string[]): Promise<Map<string, number>> {
  const rows = await db.selectFrom('tags').select(['id', 'name']).where('name', 'in', names).execute()
  return new Map(rows.map(({ id, name }) => [name, id]))
}
