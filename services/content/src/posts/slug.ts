import { InvalidInput } from '@portico/contracts'

const longest = 80
const idShape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether a path segment is an id. No slug may look like one: `/v1/posts/:idOrSlug` takes both. */
export const looksLikeId = (text: string) => idShape.test(text)

/** @throws InvalidInput when a slug was given that looks like an id */
export function refuseIdShape(slug: string | undefined): void {
  if (slug === undefined || !looksLikeId(slug)) return
  throw InvalidInput({ errors: [{ pointer: '#/slug', in: 'body', detail: 'must not look like an id' }] })
}

/**
 * The slug of a title: `Ünïcode & Node.js!` becomes `unicode-node-js`. A title without a Latin letter or digit gets
 * `post`, and the store makes it unique.
 */
export function slugOf(title: string): string {
  const words = title
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  const slug = cutAtDash(words)
  if (slug === '') return 'post'
  return looksLikeId(slug) ? `post-${slug}` : slug
}

/** The tries for a slug that must be free: itself, `-2` to `-9`, then one that cannot be taken. */
export function* slugCandidates(slug: string, id: string): Generator<string> {
  yield slug
  for (let number = 2; number <= 9; number += 1) yield `${slug}-${number}`
  yield `${slug}-${id.slice(-12)}`
}

function cutAtDash(words: string): string {
  if (words.length <= longest) return words
  const dash = words.lastIndexOf('-', longest)
  return words.slice(0, dash > longest / 2 ? dash : longest)
}
