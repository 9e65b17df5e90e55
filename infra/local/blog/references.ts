import { readdir } from 'node:fs/promises'
import { basename, extname, join, posix, relative, sep } from 'node:path'
import { outsideCode } from './code.ts'
import { type SourcePost, slugOf } from './read-blog.ts'

const imageEndings = new Set(['.png', '.jpg', '.jpeg', '.gif', '.webp', '.avif', '.svg'])

/** Where the blog's images are, by the path below its folder. */
export async function findImages(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  const walk = async (below: string): Promise<void> => {
    for (const entry of await readdir(below, { withFileTypes: true })) {
      if (entry.name === 'node_modules' || entry.name === '.git') continue
      const path = join(below, entry.name)
      if (entry.isDirectory()) await walk(path)
      else if (imageEndings.has(extname(entry.name).toLowerCase()))
        found.set(relative(folder, path).split(sep).join('/'), path)
    }
  }
  await walk(folder)
  return found
}

// `![alt](target "title")`, `[text](target)`, and HTML's src and href. What stands in code is text and stays.
const target = /(!?\[[^\]]*\]\(\s*<?)([^\s)>]+)|(<(?:img|a|source)\b[^>]*?\s(?:src|href)\s*=\s*["'])([^"']+)/gi

/** Rewrites each link and image target of a Markdown text; null leaves one as it is. */
export function rewriteTargets(markdown: string, rewrite: (target: string) => string | null): string {
  return outsideCode(markdown, text => text.replace(target, replaceWith(rewrite)))
}

const replaceWith =
  (rewrite: (target: string) => string | null) =>
  (whole: string, markdownLead?: string, markdownTarget?: string, htmlLead?: string, htmlTarget?: string) => {
    const lead = markdownLead ?? htmlLead ?? ''
    const found = markdownTarget ?? htmlTarget ?? ''
    const replaced = rewrite(found)
    return replaced === null ? whole : `${lead}${replaced}`
  }

/** Every target that points into the blog itself. */
export function localTargets(post: SourcePost): string[] {
  const found: string[] = post.cover === null ? [] : [post.cover]
  rewriteTargets(post.body, each => {
    if (isLocal(each)) found.push(each)
    return null
  })
  return found
}

export const isLocal = (each: string) => !/^(?:[a-z][a-z0-9+.-]*:|\/\/|#)/i.test(each)

/**
 * The image a target means: beside the post, below the blog's folder, or below a public folder that a site serves as
 * its root, so that `/static/images/blog/a/b.png` finds `images/a/b.png`: the longest matching end of the path wins.
 */
export function imageOf(images: Map<string, string>, post: SourcePost, written: string): string | null {
  const path = safeDecode(written.split(/[?#]/, 1)[0] ?? '')
  if (!imageEndings.has(posix.extname(path).toLowerCase())) return null
  const beside = posix.normalize(posix.join(posix.dirname(post.source), path))
  if (images.has(beside)) return beside
  const segments = path.split('/').filter(segment => segment !== '' && segment !== '.' && segment !== '..')
  const sameName = [...images.keys()].filter(image => basename(image) === segments.at(-1))
  const scored = sameName.map(image => ({ image, shared: sharedEnd(image.split('/'), segments) }))
  return scored.sort((a, b) => b.shared - a.shared)[0]?.image ?? null
}

function sharedEnd(a: string[], b: string[]): number {
  let shared = 0
  while (shared < a.length && shared < b.length && a.at(-1 - shared) === b.at(-1 - shared)) shared++
  return shared
}

/** The post a target means, by the end of its path. */
export function postOf(bySlug: ReadonlyMap<string, unknown>, written: string): string | null {
  const path = safeDecode(written.split(/[?#]/, 1)[0] ?? '')
  const last =
    path
      .replace(/\/(?:index)?(?:\.html?|\.mdx?)?$/, '')
      .split('/')
      .at(-1) ?? ''
  const named = last.replace(/\.(?:html?|mdx?)$/, '').replace(/^\d{4}-\d{2}-\d{2}-/, '')
  if (named === '') return null
  const slug = slugOf(named, named)
  return bySlug.has(slug) ? slug : null
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
