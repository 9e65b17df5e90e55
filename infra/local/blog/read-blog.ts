import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, extname, join, relative, sep } from 'node:path'
import { authorsOf, dateOf, tagsOf, textOf } from './fields.ts'
import { splitFrontMatter } from './front-matter.ts'
import { plainTarget, withoutMarks } from './generators.ts'

/** One post as its author wrote it. */
export interface SourcePost {
  /** The path of its file below the blog's folder, with `/`. */
  source: string
  title: string
  slug: string
  publishedAt: string | null
  authors: string[]
  tags: string[]
  isDraft: boolean
  cover: string | null
  body: string
}

/** A file that could not become a post, and why. */
export interface Refusal {
  source: string
  reason: string
}

const largestPostBytes = 4 * 1_024 * 1_024
const postEndings = new Set(['.md', '.mdx', '.markdown'])
const skippedFolders = new Set(['node_modules', '.git', '_site', 'public', 'themes', 'layouts'])

/** Where generators keep posts, beside pages of other kinds. */
const rooms = ['_posts', 'posts', join('content', 'posts'), 'content']

/** Files that could be posts, in the order of their paths. Folders a generator writes into are left out. */
export async function findPosts(folder: string): Promise<string[]> {
  for (const room of rooms) {
    const path = join(folder, room)
    const found = (await isFolder(path)) ? await postsBelow(path) : []
    // Ghost's `content` holds pictures alone: its posts lie elsewhere.
    if (found.length > 0) return found
  }
  return postsBelow(folder)
}

async function postsBelow(folder: string): Promise<string[]> {
  const found: string[] = []
  const walk = async (below: string): Promise<void> => {
    for (const entry of await readdir(below, { withFileTypes: true })) {
      const path = join(below, entry.name)
      if (entry.isDirectory() && !skippedFolders.has(entry.name)) await walk(path)
      else if (entry.isFile() && postEndings.has(extname(entry.name).toLowerCase())) found.push(path)
    }
  }
  await walk(folder)
  return found.sort()
}

/** @throws Error with a reason for the reader */
export async function readPost(folder: string, path: string): Promise<SourcePost> {
  const { size } = await stat(path)
  if (size > largestPostBytes) throw new Error(`it is larger than ${largestPostBytes} bytes`)
  if (basename(path, extname(path)) === '_index') throw new Error('it is the page of a folder, not a post')
  const { data, body } = splitFrontMatter(await readFile(path, 'utf8'))
  const title = textOf(data, 'title')
  if (title === null) throw new Error('it has no title')
  if (body.trim() === '') throw new Error('it has no text')
  const name = nameParts(path)
  const cover = textOf(data, 'cover', 'image', 'featured_image', 'feature_image', 'thumbnail')
  return {
    source: relative(folder, path).split(sep).join('/'),
    title,
    slug: slugOf(lastSegment(textOf(data, 'slug', 'permalink', 'url')) ?? name.slug, title),
    publishedAt: dateOf(data, 'date', 'published_at', 'publishdate', 'published') ?? name.date,
    authors: authorsOf(data),
    tags: tagsOf(data),
    isDraft: data.draft === true || data.published === false || data.status === 'draft',
    cover: cover === null ? null : plainTarget(cover),
    body: withoutMarks(body.replace(/^\s*\n/, '')),
  }
}

/** The slug and date in a file's name: `2015-03-01-hello.md`, `hello.md`, or Hugo's `hello/index.md`. */
function nameParts(path: string): { slug: string; date: string | null } {
  const name = basename(path, extname(path))
  const own = name === 'index' ? basename(dirname(path)) : name
  const dated = /^(\d{4}-\d{2}-\d{2})-(.+)$/.exec(own)
  if (!dated?.[1] || !dated[2]) return { slug: own, date: null }
  return { slug: dated[2], date: dateOf({ date: dated[1] }, 'date') }
}

/** Lower-case letters without accents and digits, joined by single `-`, `.` or `_`, at most 100: what a slug may be. */
export function slugOf(text: string, otherwise: string): string {
  const made = (from: string) =>
    from
      .normalize('NFKD')
      .replace(/\p{Mark}/gu, '')
      .toLowerCase()
      .replace(/[^a-z0-9._]+/g, '-')
      .replace(/[-._]{2,}/g, '-')
      .slice(0, 100)
      .replace(/^[-._]+|[-._]+$/g, '')
  return made(text) || made(otherwise) || 'post'
}

const lastSegment = (path: string | null) =>
  path
    ?.replace(/\.html?$/, '')
    .split('/')
    .filter(Boolean)
    .at(-1) ?? null

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isDirectory(),
    () => false,
  )
}
