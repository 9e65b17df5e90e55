import t from 'tap'
import { person, publishedPost, startContent } from './service.ts'

t.test('posts that come from elsewhere', async t => {
  const content = await startContent(t)
  const { call } = content
  const as = person('operator')

  t.test('keep their people, their dates and their slug', async t => {
    const body = {
      title: 'Node v0.4.7',
      slug: 'v0.4.7',
      body: 'Notes',
      byline: ['Ryan Dahl', 'Isaac Schlueter'],
      createdAt: '2011-04-22T19:16:50-05:00',
      publishedAt: '2011-04-23T00:16:50.000Z',
      tags: ['release'],
    }
    t.equal((await call('POST', '/v1/posts', { as, body })).status, 201)
    const read = await call('GET', '/v1/posts/v0.4.7')
    t.match(read.body, {
      status: 'published',
      author: { id: as.userId, handle: as.handle },
      authors: [
        { name: 'Ryan Dahl', handle: null },
        { name: 'Isaac Schlueter', handle: null },
      ],
      createdAt: '2011-04-23T00:16:50.000Z',
      publishedAt: '2011-04-23T00:16:50.000Z',
    })
    t.match(await call('POST', '/v1/posts', { as, body }), { status: 409, body: { code: 'slug_taken' } }, 'once only')
  })

  t.test('may be corrected, dates and people too', async t => {
    const post = await publishedPost(content, as, { title: 'Wrong' })
    const patch = { byline: ['Ada Lovelace'], publishedAt: '1843-10-01T00:00:00Z' }
    const headers = { 'if-match': post.etag }
    t.match(await call('PATCH', `/v1/posts/${post.id}`, { as, headers, body: patch }), {
      status: 200,
      body: { authors: [{ name: 'Ada Lovelace', handle: null }], publishedAt: '1843-10-01T00:00:00.000Z' },
    })
  })

  t.test('may be as long as the longest there is, also with an Idempotency-Key', async t => {
    const item =
      '- \\[[`4f3fe5dea2`](https://example.org/commit/4f3fe5dea2)] - **doc**: "quotes", `code` & <b>more</b>\n'
    const body = item.repeat(Math.ceil(851_167 / item.length))
    const request = { as, headers: { 'idempotency-key': 'import-long' }, body: { title: 'Long', slug: 'long', body } }
    const first = await call('POST', '/v1/posts', request)
    t.equal(first.status, 201)
    t.equal((await call('POST', '/v1/posts', request)).headers.get('idempotent-replayed'), 'true')
    const read = await call('GET', '/v1/posts/long', { as })
    t.equal(read.body.body, body)
    t.match(read.body.html, /<li>\[<a href="https:\/\/example\.org\/commit/)
  })
})
