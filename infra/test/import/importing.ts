import { fileURLToPath } from 'node:url'
import { getPost, listOwnPosts } from '@portico/contracts/content'
import { listFiles } from '@portico/contracts/file'
import type { Test } from 'tap'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { expectBody, expectStatus } from '../support/http.ts'
import type { RunningSystem } from '../support/system.ts'
import { portico } from '../support/tool.ts'
import { expectedPosts, expectedReports } from './expected.ts'

const blogs = ['hugo', 'jekyll', 'ghost', 'nodejs'] as const
const folderOf = (blog: string) => fileURLToPath(new URL(`blogs/${blog}`, import.meta.url))
const Counts = Type.Object({ added: Type.Integer(), alreadyThere: Type.Integer() })
const Report = Type.Object({
  posts: Counts,
  images: Counts,
  refused: Type.Array(Type.Object({ source: Type.String(), reason: Type.String() })),
})

/** Four small blogs, as four generators keep them, moved in twice by the tool. */
export async function importing(t: Test, system: RunningSystem): Promise<void> {
  const before = await everything(system)
  const first = await Promise.all(blogs.map(blog => importBlog(system, blog)))
  t.strictSame(
    first,
    blogs.map(blog => expectedReports[blog]),
    'what it says',
  )
  const after = await everything(system)
  const isNew = ({ id }: { id: string }) => !before.posts.some(post => post.id === id)
  t.strictSame(after.posts.filter(isNew).map(inShort), expectedPosts, 'what the API says')
  await t.test('text, pictures and links', t => texts(t, system))

  const second = await Promise.all(blogs.map(blog => importBlog(system, blog)))
  for (const { posts, images } of second)
    t.strictSame([posts.added, images.added], [0, 0], 'the second time adds nothing')
  t.strictSame(await everything(system), after, 'and changes nothing')

  const plain = await portico(system, ['import', folderOf('ghost')])
  t.match(plain.stdout, /Posts: {2}0 added, 2 were there already\n.*Left out \(1\):\n {2}broken\.md: /s)
  t.match(plain.stderr, / {2}posts: 2 of 2\n/, 'progress in plain lines')
  const lost = await portico(system, ['import', folderOf('nowhere')])
  t.match(lost, { code: 1, stderr: /There is no folder/ })
  t.match(await portico(system, ['import', '--unknown']), { code: 64 })
}

async function importBlog(system: RunningSystem, blog: string): Promise<Static<typeof Report>> {
  const { code, stdout, stderr } = await portico(system, ['import', folderOf(blog), '--json'])
  if (code !== 0) throw new Error(`the import of ${blog} ended with ${code}: ${stderr}`)
  return Value.Parse(Report, JSON.parse(stdout))
}

type Post = Static<(typeof listOwnPosts.schema.response)[200]>['items'][number]

/** The operator's posts in the order of their slugs, and files in that of their names. */
async function everything({ operator }: RunningSystem) {
  const posts = expectBody(await operator.get('/v1/me/posts?limit=100'), 200, listOwnPosts.schema.response[200]).items
  const files = expectBody(await operator.get('/v1/files?limit=100'), 200, listFiles.schema.response[200]).items
  return {
    posts: posts.toSorted((a, b) => (a.slug < b.slug ? -1 : 1)),
    files: files.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  }
}

function inShort({ slug, title, status, authors, tags, createdAt, publishedAt, coverFileId }: Post) {
  const hasCover = coverFileId !== null
  return { slug, title, status, authors: authors.map(({ name }) => name), tags, createdAt, publishedAt, hasCover }
}

async function texts(t: Test, system: RunningSystem) {
  const htmlOf = async (slug: string) =>
    expectBody(await system.door.get(`/v1/posts/${slug}`), 200, getPost.schema.response[200]).html
  const image = /src="(\/v1\/files\/[0-9a-f-]{36}\/image\?w=1600)"/g
  const counts: [slug: string, images: number, holds: string][] = [
    ['the-lighthouse', 1, 'href="/posts/boats"'],
    ['boats', 1, 'href="/posts/the-lighthouse"'],
    ['hello-world', 1, 'href="/posts/second"'],
    ['second', 0, 'puts "[not a link](/assets/logo.png)"'],
    ['welcome-in', 1, 'Come in.'],
    ['v1.2.3', 0, 'href="/posts/v1.2.4"'],
    ['v1.2.4', 0, '![kept](/static/images/blog/events/hall.png)'],
    ['meeting', 2, 'The hall again'],
  ]
  for (const [slug, images, holds] of counts) {
    const html = await htmlOf(slug)
    const found = [...html.matchAll(image)].map(([, source = '']) => source)
    t.equal(found.length, images, `${slug}: ${html}`)
    t.ok(html.includes(holds), `${slug} holds ${holds}: ${html}`)
    for (const source of found) {
      const { headers } = expectStatus(await system.door.get(source), 200)
      t.match(headers.get('content-type'), /^image\//)
    }
  }
}
