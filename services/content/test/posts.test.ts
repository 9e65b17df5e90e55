import t from 'tap'
import { person, publishedPost, startContent } from './service.ts'

t.test('posts', async t => {
  const content = await startContent(t)
  const { call } = content

  t.test('a draft is written, read by its author only, and published', async t => {
    const author = person()
    const created = await call('POST', '/v1/posts', {
      as: author,
      body: { title: 'Hello, world', body: 'Some *words*.', tags: ['Node JS', 'node-js', 'news'] },
    })
    t.equal(created.status, 201)
    t.equal(created.headers.get('location'), `/v1/posts/${created.body.id}`)
    t.match(created.body, {
      slug: 'hello-world',
      status: 'draft',
      tags: ['node-js', 'news'],
      excerpt: 'Some words.',
      author: { id: author.userId, handle: author.handle },
      authors: [{ name: author.handle, handle: author.handle }],
      publishedAt: null,
      revision: 1,
    })
    const path = `/v1/posts/${created.body.id}`
    t.equal((await call('GET', path)).status, 404, 'not there for strangers')
    t.equal((await call('GET', path, { as: person() })).status, 404, 'nor for others')
    const own = await call('GET', path, { as: author })
    t.match(own.body, { html: '<p>Some <em>words</em>.</p>\n', body: 'Some *words*.' })

    const published = await call('POST', `${path}/publish`, { as: author })
    t.equal(published.status, 200)
    t.equal(published.body.status, 'published')
    const read = await call('GET', '/v1/posts/hello-world')
    t.equal(read.status, 200)
    t.match(read.body, { id: created.body.id, html: '<p>Some <em>words</em>.</p>\n' })
    t.notOk('body' in read.body, 'the Markdown is for those who may edit it')
  })

  t.test('a slug that is taken: made ones get a number, given ones are refused', async t => {
    const author = person()
    const first = await call('POST', '/v1/posts', { as: author, body: { title: 'Twice', body: '' } })
    const second = await call('POST', '/v1/posts', { as: author, body: { title: 'Twice', body: '' } })
    t.same([first.body.slug, second.body.slug], ['twice', 'twice-2'])
    const third = await call('POST', '/v1/posts', { as: author, body: { title: 'x', body: '', slug: 'twice' } })
    t.match(third, { status: 409, body: { code: 'slug_taken' } })
  })

  t.test('an old slug answers 308 to the new one, and stays the post’s', async t => {
    const author = person()
    const post = await publishedPost(content, author, { title: 'First name' })
    const headers = { 'if-match': post.etag }
    const renamed = await call('PATCH', `/v1/posts/${post.id}`, { as: author, headers, body: { slug: 'second-name' } })
    t.match(renamed, { status: 200, body: { slug: 'second-name', revision: 2 } })
    const old = await call('GET', '/v1/posts/first-name')
    t.equal(old.status, 308)
    t.equal(old.headers.get('location'), '/v1/posts/second-name')
    const other = await call('POST', '/v1/posts', { as: author, body: { title: 'x', body: '', slug: 'first-name' } })
    t.equal(other.body.code, 'slug_taken')
    const again = { 'if-match': renamed.headers.get('etag') ?? '' }
    const back = await call('PATCH', `/v1/posts/${post.id}`, {
      as: author,
      headers: again,
      body: { slug: 'first-name' },
    })
    t.equal(back.body.slug, 'first-name')
  })

  t.test('an edit needs the version it changes', async t => {
    const author = person()
    const post = await publishedPost(content, author)
    const path = `/v1/posts/${post.id}`
    const body = { title: 'New' }
    t.match(await call('PATCH', path, { as: author, body }), { status: 428, body: { code: 'precondition_required' } })
    const headers = { 'if-match': post.etag }
    const edits = await Promise.all([1, 2, 3].map(() => call('PATCH', path, { as: author, headers, body })))
    t.same(edits.map(({ status }) => status).sort(), [200, 412, 412], 'of three at once one wins')
    t.match(await call('DELETE', path, { as: author }), { status: 428 })
    t.match(await call('DELETE', path, { as: author, headers }), { status: 412, body: { code: 'stale_write' } })
  })

  t.test('a comment does not make an edit stale, but a kept answer', async t => {
    const author = person()
    const post = await publishedPost(content, author)
    const before = await call('GET', `/v1/posts/${post.id}`)
    const etag = before.headers.get('etag') ?? ''
    const same = await call('GET', `/v1/posts/${post.id}`, { headers: { 'if-none-match': etag } })
    t.equal(same.status, 304)
    t.equal(same.headers.get('etag'), etag)
    await call('POST', `/v1/posts/${post.id}/comments`, { as: person(), body: { body: 'Nice' } })
    const changed = await call('GET', `/v1/posts/${post.id}`, { headers: { 'if-none-match': etag } })
    t.match(changed, { status: 200, body: { counts: { comments: 1 } } })
    const headers = { 'if-match': post.etag }
    t.equal((await call('PATCH', `/v1/posts/${post.id}`, { as: author, headers, body: { title: 'x' } })).status, 200)
  })

  t.test('strangers get what a gateway may keep, sessions do not', async t => {
    const author = person()
    const post = await publishedPost(content, author)
    const { headers } = await call('GET', `/v1/posts/${post.slug}`)
    t.match(headers.get('cache-control'), /public, max-age=0, s-maxage=60/)
    t.equal(headers.get('cache-tag'), `post:${post.id}, author:${author.userId}`)
    const own = await call('GET', `/v1/posts/${post.slug}`, { as: author })
    t.equal(own.headers.get('cache-control'), 'private, no-cache')
    t.equal(own.headers.get('cache-tag'), null)
  })

  t.test('the trash keeps a post until it is restored', async t => {
    const author = person()
    const post = await publishedPost(content, author, { title: 'Thrown away' })
    const path = `/v1/posts/${post.id}`
    const headers = { 'if-match': post.etag }
    t.equal((await call('DELETE', path, { as: author, headers })).status, 204)
    t.equal((await call('GET', path)).status, 404)
    t.equal((await call('GET', path, { as: author })).body.status, 'trashed')
    t.match(await call('POST', `${path}/publish`, { as: author }), { status: 409, body: { code: 'post_in_trash' } })
    t.match(await call('POST', `${path}/restore`, { as: author }), { status: 200, body: { status: 'draft' } })
    t.match(await call('POST', `${path}/publish`, { as: author }), {
      status: 200,
      body: { publishedAt: post.publishedAt },
    })
  })
})
