import t from 'tap'
import { person, publishedPost, startContent } from './service.ts'

t.test('comments and reactions', async t => {
  const content = await startContent(t)
  const { call } = content
  const author = person()
  const reader = person('reader')

  t.test('answers stand under what they answer, page by page', async t => {
    const { id } = await publishedPost(content, author)
    const path = `/v1/posts/${id}/comments`
    const say = async (body: string, parentId?: string) => {
      const made = await call('POST', path, { as: reader, body: { body, ...(parentId ? { parentId } : {}) } })
      if (made.status !== 201) throw new Error(JSON.stringify(made.body))
      return made.body.id as string
    }
    const first = await say('first')
    const second = await say('second')
    const answer = await say('answer to first', first)
    await say('answer to second', second)
    await say('answer to answer', answer)
    await say('late answer to first', first)

    const seen: [string, number][] = []
    let cursor = ''
    do {
      const { body } = await call('GET', `${path}?limit=2${cursor && `&cursor=${cursor}`}`)
      for (const comment of body.items) seen.push([comment.body, comment.depth])
      cursor = body.nextCursor
    } while (cursor)
    t.same(seen, [
      ['first', 0],
      ['answer to first', 1],
      ['answer to answer', 2],
      ['late answer to first', 1],
      ['second', 0],
      ['answer to second', 1],
    ])
  })

  t.test('taken away, it keeps its place and nothing else', async t => {
    const { id } = await publishedPost(content, author)
    const path = `/v1/posts/${id}/comments`
    const { body: comment } = await call('POST', path, { as: reader, body: { body: 'Oops' } })
    await call('POST', path, { as: author, body: { body: 'What?', parentId: comment.id } })
    t.equal((await call('DELETE', `/v1/comments/${comment.id}`, { as: reader })).status, 204)
    const { body } = await call('GET', path)
    t.match(body.items, [
      { id: comment.id, deleted: true, author: null, body: '', html: '' },
      { body: 'What?', deleted: false, depth: 1 },
    ])
    t.equal((await call('GET', `/v1/posts/${id}`)).body.counts.comments, 1)
    const late = await call('POST', path, { as: author, body: { body: 'x', parentId: comment.id } })
    t.match(late, { status: 422, body: { code: 'parent_not_found' } })
  })

  t.test('an edit may name the version it changes', async t => {
    const { id } = await publishedPost(content, author)
    const made = await call('POST', `/v1/posts/${id}/comments`, { as: reader, body: { body: 'One <b>bold</b>' } })
    t.equal(made.body.html, '<p>One &lt;b&gt;bold&lt;/b&gt;</p>\n', 'HTML is shown as text')
    const path = `/v1/comments/${made.body.id}`
    const headers = { 'if-match': made.headers.get('etag') ?? '' }
    t.match(await call('PATCH', path, { as: reader, headers, body: { body: 'Two' } }), {
      status: 200,
      body: { body: 'Two' },
    })
    t.match(await call('PATCH', path, { as: reader, headers, body: { body: 'Three' } }), { status: 412 })
  })

  t.test('a reaction counts once for each account and kind', async t => {
    const { id } = await publishedPost(content, author)
    const like = `/v1/posts/${id}/reactions/like`
    const count = async () => (await call('GET', `/v1/posts/${id}`)).body.counts.reactions
    await Promise.all([1, 2, 3, 4].map(() => call('PUT', like, { as: reader })))
    t.equal(await count(), 1)
    await call('PUT', `/v1/posts/${id}/reactions/love`, { as: reader })
    await call('PUT', like, { as: author })
    t.equal(await count(), 3)
    await call('DELETE', like, { as: reader })
    await call('DELETE', like, { as: reader })
    t.equal(await count(), 2)
  })

  t.test('many comments at once are all counted', async t => {
    const { id } = await publishedPost(content, author)
    const path = `/v1/posts/${id}/comments`
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => call('POST', path, { as: reader, body: { body: `${index}` } })),
    )
    t.ok(answers.every(({ status }) => status === 201))
    t.equal((await call('GET', `/v1/posts/${id}`)).body.counts.comments, 12)
  })
})
