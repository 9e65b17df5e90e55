import { sql } from 'kysely'
import t from 'tap'
import { addUpTags } from '../src/tags/tag-store.ts'
import { type Content, draftOf, person, publishedPost, startContent } from './service.ts'

/** All pages of a list, and how many there were. */
async function walk({ call }: Content, path: string, between: () => Promise<unknown> = async () => {}) {
  const titles: string[] = []
  let pages = 0
  for (let url: string | null = path; url; pages += 1) {
    const { status, body, headers } = await call('GET', url)
    if (status !== 200) throw new Error(JSON.stringify(body))
    titles.push(...body.items.map(({ title }: { title: string }) => title))
    url = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1] ?? null
    if ((url === null) !== (body.nextCursor === null)) throw new Error('Link and nextCursor disagree')
    await between()
  }
  return { titles, pages }
}

t.test('lists', async t => {
  const content = await startContent(t)
  const { call } = content
  const admin = person('admin')
  const titles = Array.from({ length: 25 }, (_, index) => `Post ${String(index).padStart(2, '0')}`)
  for (const [index, title] of titles.entries()) {
    // Three at a time share a date: the id decides between them.
    const publishedAt = new Date(Date.UTC(2020, 0, 1 + Math.floor(index / 3))).toISOString()
    const tags = index % 5 === 0 ? ['fifth', 'all'] : ['all']
    await call('POST', '/v1/posts', { as: admin, body: { title, body: 'x', tags, publishedAt } })
  }
  const newest = titles.toReversed()

  t.test('newest first, page by page, none twice and none missed', async t => {
    t.same(await walk(content, '/v1/posts?limit=4'), { titles: newest, pages: 7 })
    t.same((await walk(content, '/v1/posts?limit=25')).pages, 1, 'a full last page is the last')
    t.same((await walk(content, '/v1/posts?limit=6&sort=oldest')).titles, titles)
  })

  t.test('what is published meanwhile shifts nothing', async t => {
    const author = person()
    const seen = await walk(content, '/v1/posts?limit=4', () => publishedPost(content, author, { title: 'Newer' }))
    t.same(seen.titles, newest)
    const { body } = await call('GET', `/v1/posts?author=${author.handle}`)
    for (const { id } of body.items) await call('POST', `/v1/posts/${id}/unpublish`, { as: author })
  })

  t.test('by tag and by author', async t => {
    const fifth = newest.filter((_, index) => (24 - index) % 5 === 0)
    t.same((await walk(content, '/v1/posts?tag=fifth&limit=2')).titles, fifth)
    t.same((await walk(content, '/v1/posts?tag=Fifth')).titles, fifth, 'however it is written')
    t.same((await walk(content, '/v1/posts?tag=never-used')).titles, [])
    t.same((await walk(content, `/v1/posts?author=${admin.handle}&limit=10`)).titles, newest)
    t.same((await walk(content, `/v1/posts?author=${admin.handle}&tag=fifth&limit=3`)).titles, fifth)
    t.same((await walk(content, '/v1/posts?author=nobody')).titles, [])
  })

  t.test('a cursor is of its list alone', async t => {
    const { body } = await call('GET', '/v1/posts?limit=4')
    for (const other of ['/v1/posts?tag=all', '/v1/posts?sort=oldest', '/v1/tags?limit=1']) {
      const answer = await call('GET', `${other}&cursor=${body.nextCursor}`)
      t.match(answer, { status: 400, body: { code: 'invalid_cursor' } }, other)
    }
  })

  t.test('a list names no text, and a gateway may keep it under a tag', async t => {
    const { body, headers } = await call('GET', '/v1/posts?limit=1')
    t.notOk('html' in body.items[0] || 'body' in body.items[0])
    t.equal(headers.get('cache-tag'), 'posts')
  })

  t.test('own posts, by status, last changed first', async t => {
    const author = person()
    const draft = await draftOf(content, author, { title: 'Draft' })
    const published = await publishedPost(content, author, { title: 'Out' })
    const gone = await draftOf(content, author, { title: 'Gone' })
    await call('DELETE', `/v1/posts/${gone.id}`, { as: author, headers: { 'if-match': gone.etag } })
    const own = async (query: string) => {
      const { body } = await call('GET', `/v1/me/posts${query}`, { as: author })
      return body.items.map(({ id }: { id: string }) => id)
    }
    t.same(await own(''), [gone.id, published.id, draft.id])
    t.same(await own('?status=draft'), [draft.id])
    t.same(await own('?status=published'), [published.id])
    t.same(await own('?status=trashed'), [gone.id])
    t.same(await own('?status=scheduled'), [])
  })

  t.test('tags of published posts, with how many have them', async t => {
    const { body } = await call('GET', '/v1/tags')
    t.same(body, {
      items: [
        { name: 'all', posts: 25 },
        { name: 'fifth', posts: 5 },
      ],
      nextCursor: null,
    })
    const first = await call('GET', '/v1/tags?limit=1')
    t.same(first.body.items, [{ name: 'all', posts: 25 }])
    const second = await call('GET', `/v1/tags?limit=1&cursor=${first.body.nextCursor}`)
    t.same(second.body, { items: [{ name: 'fifth', posts: 5 }], nextCursor: null })
  })

  t.test('the kept count of a tag follows every turn of a post, added up or not', async t => {
    const { kysely } = content.context.database
    const author = person()
    const countOf = async () =>
      (await call('GET', '/v1/tags')).body.items.find(({ name }: { name: string }) => name === 'kept')?.posts ?? 0
    const post = await publishedPost(content, author, { title: 'Kept', tags: ['kept', 'all'] })
    const path = `/v1/posts/${post.id}`
    const any = { 'if-match': '*' }
    const turns: [string, string, object | undefined, number][] = [
      ['POST', `${path}/unpublish`, undefined, 0],
      ['POST', `${path}/publish`, undefined, 1],
      ['PATCH', path, { title: 'Kept on' }, 1],
      ['PATCH', path, { tags: ['all'] }, 0],
      ['PATCH', path, { tags: ['kept'] }, 1],
      ['DELETE', path, undefined, 0],
    ]
    t.equal(await countOf(), 1)
    for (const [index, [method, url, body, expected]] of turns.entries()) {
      await call(method, url, { as: author, headers: any, ...(body ? { body } : {}) })
      t.equal(await countOf(), expected, `${index}: ${method} ${url}`)
      if (index % 2 === 0) t.ok((await addUpTags(kysely, 1_000)) > 0)
      t.equal(await countOf(), expected, 'added up')
    }
    await addUpTags(kysely, 1_000)
    t.equal(await addUpTags(kysely, 1_000), 0)
    const { rows } = await sql`
      select name from tags
      where posts <> (select count(*) from post_tags where tag_id = id and published_at is not null)`.execute(kysely)
    t.same(rows, [], 'kept is what would be counted')
  })
})
