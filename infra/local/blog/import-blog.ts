import { createHash } from 'node:crypto'
import { openAsBlob } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { type Client, everyItem } from '@portico/client'
import { ProblemError } from '@portico/contracts'
import type * as content from '@portico/contracts/content'
import type * as file from '@portico/contracts/file'
import { findPosts, type Refusal, readPost, type SourcePost, slugOf } from './read-blog.ts'
import { findImages, imageOf, isLocal, localTargets, postOf, rewriteTargets } from './references.ts'

export type BlogClient = Client<
  Pick<typeof content, 'createPost' | 'getPost'> & Pick<typeof file, 'uploadFile' | 'listFiles'>
>

export interface ImportReport {
  posts: { added: number; alreadyThere: number }
  images: { added: number; alreadyThere: number }
  refused: Refusal[]
}

export interface ImportProgress {
  /** What is being done: `reading`, `images`, `posts`. */
  step: string
  done: number
  of: number
}

export interface ImportOptions {
  folder: string
  client: BlogClient
  onProgress?: (progress: ImportProgress) => void
  /** How many posts or images are under way at once. */
  concurrency?: number
  signal?: AbortSignal
}

/**
 * Moves a blog in through the public API. Running it again adds nothing: a post is known by its slug, an image by the
 * SHA-256 of its bytes. What cannot be read or is refused is reported, and the rest goes on.
 * @throws when the folder cannot be read, or the API does not answer or refuses the session
 */
export async function importBlog(options: ImportOptions): Promise<ImportReport> {
  const report: ImportReport = {
    posts: { added: 0, alreadyThere: 0 },
    images: { added: 0, alreadyThere: 0 },
    refused: [],
  }
  const posts = await readAll(options, report)
  const images = await findImages(options.folder)
  const used = [...new Set(posts.flatMap(post => localTargets(post).map(each => imageOf(images, post, each) ?? '')))]
  const fileIds = await uploadAll(options, report, images, used.filter(Boolean).sort())
  await publishAll(options, report, posts, images, fileIds)
  return report
}

async function readAll({ folder, onProgress }: ImportOptions, report: ImportReport): Promise<SourcePost[]> {
  const paths = await findPosts(folder)
  const bySlug = new Map<string, SourcePost>()
  for (const [index, path] of paths.entries()) {
    try {
      const post = await readPost(folder, path)
      bySlug.set(freeSlug(post, bySlug), post)
    } catch (error) {
      report.refused.push({ source: path.slice(folder.length + 1), reason: reasonOf(error) })
    }
    onProgress?.({ step: 'reading', done: index + 1, of: paths.length })
  }
  return [...bySlug.entries()].map(([slug, post]) => ({ ...post, slug }))
}

// Two folders may hold files of one name. The order of paths is fixed, so a second run finds the same slugs.
function freeSlug(post: SourcePost, taken: ReadonlyMap<string, unknown>): string {
  for (let count = 1; ; count++) {
    const slug = count === 1 ? post.slug : `${post.slug}-${count}`
    if (!taken.has(slug)) return slug
  }
}

async function uploadAll(
  options: ImportOptions,
  report: ImportReport,
  images: Map<string, string>,
  used: string[],
): Promise<Map<string, string>> {
  const { client } = options
  const folder = `/imported/${slugOf(basename(resolve(options.folder)), 'blog')}`
  const known = new Map<string, string | Promise<string>>()
  for await (const each of everyItem(page => client.listFiles({ query: { ...page, folder, limit: 100 } })))
    known.set(each.sha256, each.id)

  const fileIds = new Map<string, string>()
  await eachOf(
    options,
    'images',
    used,
    async image => {
      const path = images.get(image) ?? ''
      const sha256 = createHash('sha256')
        .update(await readFile(path))
        .digest('hex')
      const found = known.get(sha256)
      const id = found ?? upload(client, path, folder, sha256)
      // Known from here on, not from its end: the same picture may be under way under another name.
      known.set(sha256, id)
      fileIds.set(image, await id)
      if (found === undefined) report.images.added++
      else report.images.alreadyThere++
    },
    (image, reason) => {
      report.refused.push({ source: image, reason })
    },
  )
  return fileIds
}

async function upload(client: BlogClient, path: string, folder: string, sha256: string): Promise<string> {
  const form = new FormData()
  form.set('folder', folder)
  form.set('visibility', 'public')
  form.set('file', await openAsBlob(path), basename(path))
  const { id } = await client.uploadFile({
    body: form,
    idempotencyKey: `import-${sha256}-${basename(path)}`.slice(0, 200),
  })
  return id
}

async function publishAll(
  options: ImportOptions,
  report: ImportReport,
  posts: SourcePost[],
  images: Map<string, string>,
  fileIds: Map<string, string>,
): Promise<void> {
  const bySlug = new Map(posts.map(post => [post.slug, post]))
  const address = (post: SourcePost) => (each: string) => {
    if (!isLocal(each)) return null
    const fileId = fileIds.get(imageOf(images, post, each) ?? '')
    if (fileId) return `/v1/files/${fileId}/image?w=1600`
    const slug = postOf(bySlug, each)
    return slug === null ? null : `/posts/${slug}${/#.*$/.exec(each)?.[0] ?? ''}`
  }
  await eachOf(
    options,
    'posts',
    posts,
    async post => {
      if (await isThere(options.client, post.slug)) {
        report.posts.alreadyThere++
        return
      }
      const cover = post.cover === null ? undefined : fileIds.get(imageOf(images, post, post.cover) ?? '')
      const body = {
        ...fieldsOf(post),
        body: rewriteTargets(post.body, address(post)),
        ...(cover ? { coverFileId: cover } : {}),
      }
      await options.client.createPost({ body, idempotencyKey: keyOf(body) })
      report.posts.added++
    },
    (post, reason) => {
      report.refused.push({ source: post.source, reason })
    },
  )
}

function fieldsOf(post: SourcePost) {
  const publishedAt = post.publishedAt ?? undefined
  return {
    title: post.title,
    slug: post.slug,
    tags: post.tags,
    ...(post.authors.length > 0 ? { byline: post.authors } : {}),
    ...(publishedAt ? { createdAt: publishedAt } : {}),
    // A post without a date is out since now: the source says no more. A draft stays a draft.
    ...(post.isDraft ? {} : { publishedAt: publishedAt ?? new Date().toISOString() }),
  }
}

async function isThere(client: BlogClient, slug: string): Promise<boolean> {
  try {
    await client.getPost({ params: { idOrSlug: slug } })
    return true
  } catch (error) {
    if (error instanceof ProblemError && error.status === 404) return false
    throw error
  }
}

const keyOf = (body: unknown) => `import-${createHash('sha256').update(JSON.stringify(body)).digest('hex')}`

/** Works on several at once; a refusal is told, what would refuse every other too ends the import. */
async function eachOf<Item>(
  { concurrency = 4, onProgress, signal }: ImportOptions,
  step: string,
  items: Item[],
  work: (item: Item) => Promise<void>,
  refuse: (item: Item, reason: string) => void,
): Promise<void> {
  let next = 0
  let done = 0
  const worker = async () => {
    while (next < items.length) {
      signal?.throwIfAborted()
      const item = items[next++] as Item
      await work(item).catch((error: unknown) => {
        if (!(error instanceof ProblemError) || error.status === 401 || error.status >= 500) throw error
        refuse(item, reasonOf(error))
      })
      onProgress?.({ step, done: ++done, of: items.length })
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker))
}

function reasonOf(error: unknown): string {
  if (error instanceof ProblemError) {
    const fields = error.errors?.map(({ pointer, detail }) => `${pointer}: ${detail}`) ?? []
    return [`${error.code}: ${error.detail ?? error.title}`, ...fields].join('; ')
  }
  return error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error)
}
