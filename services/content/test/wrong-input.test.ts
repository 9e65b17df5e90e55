import { contentContract } from '@portico/contracts/content'
import t from 'tap'
import { person, publishedPost, startContent } from './service.ts'

const nobody = '01980a5e-7c21-7000-8000-0123456789ab'
const post = { title: 'x', body: '' }

/** What is wrong with a body, a query or a path, and what must be said about it. */
type Wrong = [request: string, sent: unknown, status: number, code: string, field?: { in: string; pointer: string }]
const body = (pointer: string) => ({ in: 'body', pointer })
const query = (pointer: string) => ({ in: 'query', pointer })
const path = (pointer: string) => ({ in: 'path', pointer })

const table: Record<string, Wrong[]> = {
  createPost: [
    ['POST /v1/posts', '{"title":', 400, 'malformed_body'],
    ['POST /v1/posts', {}, 400, 'invalid_input', body('#/title')],
    ['POST /v1/posts', { title: 7, body: '' }, 400, 'invalid_input', body('#/title')],
    ['POST /v1/posts', { title: 'a\0b', body: '' }, 400, 'invalid_input', body('#/title')],
    ['POST /v1/posts', { title: 'x', body: 'a\0b' }, 400, 'invalid_input', body('#/body')],
    ['POST /v1/posts', { title: '  ', body: '' }, 400, 'invalid_input', body('#/title')],
    ['POST /v1/posts', { title: 'x'.repeat(301), body: '' }, 400, 'invalid_input', body('#/title')],
    ['POST /v1/posts', { ...post, surprise: 1 }, 400, 'invalid_input', body('#/surprise')],
    ['POST /v1/posts', { ...post, slug: 'Not A Slug' }, 400, 'invalid_input', body('#/slug')],
    ['POST /v1/posts', { ...post, slug: nobody }, 400, 'invalid_input', body('#/slug')],
    ['POST /v1/posts', { ...post, tags: ['ok', 3] }, 400, 'invalid_input', body('#/tags/1')],
    ['POST /v1/posts', { ...post, tags: Array(21).fill('t') }, 400, 'invalid_input', body('#/tags')],
    ['POST /v1/posts', { ...post, coverFileId: 'x' }, 400, 'invalid_input', body('#/coverFileId')],
    ['POST /v1/posts', { ...post, publishedAt: 'yesterday' }, 400, 'invalid_input', body('#/publishedAt')],
    ['POST /v1/posts', { ...post, publishedAt: '0000-01-01T00:00:00Z' }, 400, 'invalid_input', body('#/publishedAt')],
    ['POST /v1/posts', { ...post, createdAt: '1990-12-31T23:59:60Z' }, 400, 'invalid_input', body('#/createdAt')],
    ['POST /v1/posts', { ...post, byline: ['two\nlines'] }, 400, 'invalid_input', body('#/byline/0')],
    ['POST /v1/posts', { title: 'x', body: 'x'.repeat(4_200_000) }, 413, 'body_too_large'],
  ],
  listPosts: [
    ['GET /v1/posts?limit=0', undefined, 400, 'invalid_input', query('#/limit')],
    ['GET /v1/posts?limit=101', undefined, 400, 'invalid_input', query('#/limit')],
    ['GET /v1/posts?limit=many', undefined, 400, 'invalid_input', query('#/limit')],
    ['GET /v1/posts?sort=random', undefined, 400, 'invalid_input', query('#/sort')],
    ['GET /v1/posts?author=NOBODY', undefined, 400, 'invalid_input', query('#/author')],
    ['GET /v1/posts?cursor=abc', undefined, 400, 'invalid_cursor'],
  ],
  listOwnPosts: [
    ['GET /v1/me/posts?status=lost', undefined, 400, 'invalid_input', query('#/status')],
    ['GET /v1/me/posts?cursor=abc', undefined, 400, 'invalid_cursor'],
  ],
  getPost: [
    ['GET /v1/posts/no-such-post', undefined, 404, 'post_not_found'],
    [`GET /v1/posts/${nobody}`, undefined, 404, 'post_not_found'],
    [`GET /v1/posts/${'x'.repeat(201)}`, undefined, 400, 'invalid_input', path('#/idOrSlug')],
    ['GET /v1/posts/a%00b', undefined, 400, 'invalid_input', path('#/idOrSlug')],
  ],
  editPost: [
    ['PATCH /v1/posts/not-an-id', { title: 'x' }, 400, 'invalid_input', path('#/id')],
    [`PATCH /v1/posts/${nobody}`, { title: 'x' }, 404, 'post_not_found'],
    [`PATCH /v1/posts/${nobody}`, {}, 400, 'invalid_input', body('#')],
    [`PATCH /v1/posts/${nobody}`, { title: null }, 400, 'invalid_input', body('#/title')],
    [`PATCH /v1/posts/${nobody}`, '[', 400, 'malformed_body'],
    [`PATCH /v1/posts/${nobody}`, { body: 'x'.repeat(4_200_000) }, 413, 'body_too_large'],
  ],
  deletePost: [
    ['DELETE /v1/posts/not-an-id', undefined, 400, 'invalid_input', path('#/id')],
    [`DELETE /v1/posts/${nobody}`, undefined, 404, 'post_not_found'],
  ],
  publishPost: [
    ['POST /v1/posts/not-an-id/publish', undefined, 400, 'invalid_input', path('#/id')],
    [`POST /v1/posts/${nobody}/publish`, undefined, 404, 'post_not_found'],
    [`POST /v1/posts/${nobody}/publish`, { when: 'now' }, 400, 'invalid_input', body('#/when')],
    [`POST /v1/posts/${nobody}/publish`, '{', 400, 'malformed_body'],
  ],
  unpublishPost: [
    ['POST /v1/posts/not-an-id/unpublish', undefined, 400, 'invalid_input', path('#/id')],
    [`POST /v1/posts/${nobody}/unpublish`, undefined, 404, 'post_not_found'],
  ],
  schedulePost: [
    ['POST /v1/posts/not-an-id/schedule', { publishAt: '2100-01-01T00:00:00Z' }, 400, 'invalid_input', path('#/id')],
    [`POST /v1/posts/${nobody}/schedule`, {}, 400, 'invalid_input', body('#/publishAt')],
    [`POST /v1/posts/${nobody}/schedule`, { publishAt: 'soon' }, 400, 'invalid_input', body('#/publishAt')],
    [`POST /v1/posts/${nobody}/schedule`, { publishAt: '2100-01-01T00:00:00Z' }, 404, 'post_not_found'],
  ],
  restorePost: [
    ['POST /v1/posts/not-an-id/restore', undefined, 400, 'invalid_input', path('#/id')],
    [`POST /v1/posts/${nobody}/restore`, undefined, 404, 'post_not_found'],
  ],
  listComments: [
    ['GET /v1/posts/not-an-id/comments', undefined, 400, 'invalid_input', path('#/id')],
    [`GET /v1/posts/${nobody}/comments`, undefined, 404, 'post_not_found'],
    ['GET /v1/posts/:published/comments?cursor=abc', undefined, 400, 'invalid_cursor'],
    ['GET /v1/posts/:published/comments?limit=1e3', undefined, 400, 'invalid_input', query('#/limit')],
  ],
  createComment: [
    ['POST /v1/posts/not-an-id/comments', { body: 'x' }, 400, 'invalid_input', path('#/id')],
    [`POST /v1/posts/${nobody}/comments`, { body: 'x' }, 404, 'post_not_found'],
    ['POST /v1/posts/:published/comments', { body: 'a\0b' }, 400, 'invalid_input', body('#/body')],
    ['POST /v1/posts/:published/comments', { body: ' ' }, 400, 'invalid_input', body('#/body')],
    ['POST /v1/posts/:published/comments', { body: 'x'.repeat(10_001) }, 400, 'invalid_input', body('#/body')],
    ['POST /v1/posts/:published/comments', { body: 'x'.repeat(70_000) }, 413, 'body_too_large'],
    ['POST /v1/posts/:published/comments', { body: 'x', parentId: 'y' }, 400, 'invalid_input', body('#/parentId')],
    [
      'POST /v1/posts/:published/comments',
      { body: 'x', parentId: nobody },
      422,
      'parent_not_found',
      body('#/parentId'),
    ],
    ['POST /v1/posts/:published/comments', '"', 400, 'malformed_body'],
  ],
  editComment: [
    ['PATCH /v1/comments/not-an-id', { body: 'x' }, 400, 'invalid_input', path('#/id')],
    [`PATCH /v1/comments/${nobody}`, { body: 'x' }, 404, 'comment_not_found'],
    [`PATCH /v1/comments/${nobody}`, { body: 5 }, 400, 'invalid_input', body('#/body')],
    [`PATCH /v1/comments/${nobody}`, '', 400, 'invalid_input', body('#')],
  ],
  deleteComment: [
    ['DELETE /v1/comments/not-an-id', undefined, 400, 'invalid_input', path('#/id')],
    [`DELETE /v1/comments/${nobody}`, undefined, 404, 'comment_not_found'],
  ],
  addReaction: [
    ['PUT /v1/posts/not-an-id/reactions/like', undefined, 400, 'invalid_input', path('#/id')],
    [`PUT /v1/posts/${nobody}/reactions/hate`, undefined, 400, 'invalid_input', path('#/kind')],
    [`PUT /v1/posts/${nobody}/reactions/like`, undefined, 404, 'post_not_found'],
  ],
  removeReaction: [
    [`DELETE /v1/posts/${nobody}/reactions/hate`, undefined, 400, 'invalid_input', path('#/kind')],
    [`DELETE /v1/posts/${nobody}/reactions/like`, undefined, 404, 'post_not_found'],
  ],
  listTags: [
    ['GET /v1/tags?cursor=abc', undefined, 400, 'invalid_cursor'],
    ['GET /v1/tags?limit=-1', undefined, 400, 'invalid_input', query('#/limit')],
  ],
}

t.test('wrong input is named, for every operation', async t => {
  const content = await startContent(t)
  const as = person('admin')
  const published = await publishedPost(content, as)
  t.same(Object.keys(table).sort(), contentContract.operations.map(({ id }) => id).sort(), 'no operation is left out')

  for (const [id, cases] of Object.entries(table)) {
    for (const [request, sent, status, code, field] of cases) {
      const [method = '', url = ''] = request.replace(':published', published.id).split(' ')
      const answer = await content.call(method, url, { as, body: sent, headers: { 'if-match': '"1-"' } })
      const name = `${id}: ${request.slice(0, 80)} ${JSON.stringify(sent)?.slice(0, 40) ?? ''}`
      t.match(answer, { status, body: { status, code, ...(field ? { errors: [field] } : {}) } }, name)
      t.match(answer.headers.get('content-type'), /^application\/problem\+json/, name)
    }
  }
})

t.test('what no route answers', async t => {
  const { call } = await startContent(t)
  t.match(await call('GET', '/v1/nothing'), { status: 404, body: { code: 'route_not_found' } })
  const wrongMethod = await call('PUT', '/v1/posts', { as: person() })
  t.match(wrongMethod, { status: 405, body: { code: 'method_not_allowed' } })
  t.match(wrongMethod.headers.get('allow'), /GET.*POST/)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const posted = await call('POST', '/v1/posts', { as: person(), body: 'title=x', headers: form })
  t.match(posted, { status: 415, body: { code: 'unsupported_media_type' } })
})
