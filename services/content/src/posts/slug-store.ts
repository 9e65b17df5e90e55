import { SlugTaken } from '@portico/contracts/content'
import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.ts'
import { slugCandidates } from './slug.ts'

export type SlugStore = ReturnType<typeof slugStore>

/** Every slug that a post ever had, for good: what is claimed is never another post's. */
export function slugStore(db: Kysely<Tables>) {
  async function isClaimed(slug: string, postId: string): Promise<boolean> {
    const values = { slug, post_id: postId }
    await db
      .insertInto('post_slugs')
      .values(values)
      .onConflict(conflict => conflict.doNothing())
      .execute()
    const owner = await db.selectFrom('post_slugs').select('post_id').where('slug', '=', slug).executeTakeFirst()
    return owner?.post_id === postId
  }

  return {
    /** @throws SlugTaken when another post has or had it */
    async claim(slug: string, postId: string): Promise<void> {
      if (!(await isClaimed(slug, postId))) throw SlugTaken()
    },

    /** `wanted`, or with a number behind it when that is taken. */
    async claimFree(wanted: string, postId: string): Promise<string> {
      for (const slug of slugCandidates(wanted, postId)) {
        if (await isClaimed(slug, postId)) return slug
      }
      throw SlugTaken()
    },
  }
}
