import { type Role, roles } from '@portico/contracts'
import { contentContract } from '@portico/contracts/content'
import t from 'tap'
import { draftOf, person, publishedPost, startContent } from './service.ts'

type Caller = 'stranger' | 'owner' | Role
type Expected = Partial<Record<Caller, number>> & { others: number }

interface Case {
  id: string
  request: () => Promise<{ method: string; path: string; body?: unknown; headers?: Record<string, string> }>
  expected: Expected
}

const callers: Caller[] = ['stranger', 'owner', ...roles]

t.test('who may do what: every operation, every role', async t => {
  const content = await startContent(t)
  const owner = person()
  const commenter = person()

  const onDraft =
    (method: string, tail = '', body?: unknown) =>
    async () => {
      const { id, etag } = await draftOf(content, owner)
      return { method, path: `/v1/posts/${id}${tail}`, headers: { 'if-match': etag }, ...(body ? { body } : {}) }
    }
  const onPublished =
    (method: string, tail = '', body?: unknown) =>
    async () => {
      const { id, etag } = await publishedPost(content, owner)
      const headers = tail.startsWith('/') ? {} : { 'if-match': etag }
      return { method, path: `/v1/posts/${id}${tail}`, headers, ...(body ? { body } : {}) }
    }
  const onComment = (method: string, body?: unknown) => async () => {
    const { id } = await publishedPost(content, owner)
    const made = await content.call('POST', `/v1/posts/${id}/comments`, { as: commenter, body: { body: 'Hm' } })
    return { method, path: `/v1/comments/${made.body.id}`, ...(body ? { body } : {}) }
  }
  const later = { publishAt: new Date(Date.now() + 3_600_000).toISOString() }
  const to = (method: string, path: string, body?: unknown) => async () => ({ method, path, ...(body ? { body } : {}) })

  const draft = { title: 'Mine', body: '' }
  const imported = { ...draft, byline: ['Ada'], publishedAt: '2011-04-28T16:04:35Z' }
  const everyone: Expected = { others: 200 }
  // Readers may not write at all; others do not see a draft; a moderator sees it and may not change its words.
  const edits: Expected = { stranger: 401, reader: 403, author: 404, moderator: 403, others: 200 }
  const moderates: Expected = { stranger: 401, reader: 403, author: 403, others: 200 }

  const cases: Case[] = [
    {
      id: 'createPost',
      request: to('POST', '/v1/posts', draft),
      expected: { stranger: 401, reader: 403, others: 201 },
    },
    {
      id: 'createPost',
      request: to('POST', '/v1/posts', imported),
      expected: { stranger: 401, admin: 201, operator: 201, others: 403 },
    },
    { id: 'listPosts', request: to('GET', '/v1/posts'), expected: everyone },
    { id: 'listOwnPosts', request: to('GET', '/v1/me/posts'), expected: { stranger: 401, others: 200 } },
    { id: 'getPost', request: onPublished('GET'), expected: everyone },
    { id: 'getPost', request: onDraft('GET'), expected: { stranger: 404, reader: 404, author: 404, others: 200 } },
    { id: 'editPost', request: onDraft('PATCH', '', { title: 'New' }), expected: edits },
    { id: 'editPost', request: onPublished('PATCH', '', { title: 'New' }), expected: { ...edits, author: 403 } },
    {
      id: 'editPost',
      request: onDraft('PATCH', '', { byline: ['Ada'] }),
      expected: { stranger: 401, admin: 200, operator: 200, others: 403 },
    },
    {
      id: 'deletePost',
      request: onPublished('DELETE'),
      expected: { stranger: 401, reader: 403, author: 403, others: 204 },
    },
    { id: 'publishPost', request: onDraft('POST', '/publish'), expected: edits },
    { id: 'unpublishPost', request: onPublished('POST', '/unpublish'), expected: moderates },
    { id: 'schedulePost', request: onDraft('POST', '/schedule', later), expected: edits },
    { id: 'restorePost', request: onDraft('POST', '/restore'), expected: edits },
    { id: 'listComments', request: onPublished('GET', '/comments'), expected: everyone },
    {
      id: 'listComments',
      request: onDraft('GET', '/comments'),
      expected: { stranger: 404, reader: 404, author: 404, others: 200 },
    },
    {
      id: 'createComment',
      request: onPublished('POST', '/comments', { body: 'Hm' }),
      expected: { stranger: 401, others: 201 },
    },
    {
      id: 'createComment',
      request: onDraft('POST', '/comments', { body: 'Hm' }),
      expected: { stranger: 401, others: 404 },
    },
    { id: 'editComment', request: onComment('PATCH', { body: 'No' }), expected: { stranger: 401, others: 403 } },
    {
      id: 'deleteComment',
      request: onComment('DELETE'),
      expected: { stranger: 401, reader: 403, author: 403, others: 204 },
    },
    { id: 'addReaction', request: onPublished('PUT', '/reactions/like'), expected: { stranger: 401, others: 204 } },
    { id: 'addReaction', request: onDraft('PUT', '/reactions/like'), expected: { stranger: 401, others: 404 } },
    {
      id: 'removeReaction',
      request: onPublished('DELETE', '/reactions/like'),
      expected: { stranger: 401, others: 204 },
    },
    { id: 'listTags', request: to('GET', '/v1/tags'), expected: everyone },
  ]
  const named = new Set(cases.map(({ id }) => id))
  t.same([...named].sort(), contentContract.operations.map(({ id }) => id).sort(), 'no operation is left out')

  for (const [index, { id, request, expected }] of cases.entries()) {
    const statuses = await Promise.all(
      callers.map(async caller => {
        const { method, path, ...call } = await request()
        const as = caller === 'stranger' ? undefined : caller === 'owner' ? owner : person(caller)
        return [caller, (await content.call(method, path, { ...call, as })).status]
      }),
    )
    const found = Object.fromEntries(statuses)
    const wanted = Object.fromEntries(callers.map(caller => [caller, expected[caller] ?? expected.others]))
    t.same(found, wanted, `${id} (${index})`)
  }
})

t.test('a comment belongs to whoever wrote it', async t => {
  const content = await startContent(t)
  const commenter = person('reader')
  const post = await publishedPost(content, person())
  const made = await content.call('POST', `/v1/posts/${post.id}/comments`, { as: commenter, body: { body: 'Hm' } })
  const path = `/v1/comments/${made.body.id}`
  t.match(await content.call('PATCH', path, { as: commenter, body: { body: 'Oh' } }), {
    status: 200,
    body: { body: 'Oh' },
  })
  t.equal((await content.call('DELETE', path, { as: commenter })).status, 204)
  t.match(await content.call('PATCH', path, { as: commenter, body: { body: 'x' } }), {
    body: { code: 'comment_not_found' },
  })
})
