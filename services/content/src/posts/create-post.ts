import { createPost, type NewPost } from '@portico/contracts/content'
import { uuidv7 } from '@portico/database'
import type { Route } from '../context.ts'
import { normaliseTags } from '../tags/normalise.ts'
import { instantOf } from './instant.ts'
import { draft, publish } from './life.ts'
import { tell } from './record.ts'
import { requireImporter } from './rights.ts'
import { refuseIdShape, slugOf } from './slug.ts'
import type { SlugStore } from './slug-store.ts'
import { writtenPost } from './written.ts'

export const createPostRoute: Route = (app, { clock, renderer, transact }) => {
  app.route({
    ...createPost,
    handler: async request => {
      const principal = request.requirePrincipal()
      const given = request.body
      requireImporter(given, principal)
      refuseIdShape(given.slug)
      // Rendered before the transaction begins: nobody waits for a lock while Markdown is parsed.
      const text = { body: given.body, ...(await renderer.post(given.body, request.signal)) }

      return transact(request, async stores => {
        const now = clock()
        const { user_id: authorId } = await stores.authors.ensure(principal, now)
        const id = uuidv7()
        const slug = await claim(stores.slugs, given, id)
        const written = draft({ id, authorId, slug, ...standing(given, now) }, text, now)
        const post = given.publishedAt ? publish(written, now, instantOf(given.publishedAt, 'publishedAt')) : written
        await stores.posts.insert(post, text)
        await tell(stores, null, post)
        return writtenPost(await stores.views.stamped(id), { created: true })
      })
    },
  })
}

/** A slug that was asked for must be free; one made from the title is made so. */
async function claim(slugs: SlugStore, { slug, title }: NewPost, id: string): Promise<string> {
  if (slug === undefined) return await slugs.claimFree(slugOf(title), id)
  await slugs.claim(slug, id)
  return slug
}

function standing(given: NewPost, now: Date) {
  return {
    title: given.title.trim(),
    tags: normaliseTags(given.tags ?? []),
    byline: given.byline ?? [],
    coverFileId: given.coverFileId ?? null,
    createdAt: given.createdAt ? instantOf(given.createdAt, 'createdAt') : now,
  }
}
