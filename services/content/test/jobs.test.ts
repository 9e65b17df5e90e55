import t from 'tap'
import { publishDue } from '../src/posts/publish-due.ts'
import { purgeTrash } from '../src/posts/purge-trash.ts'
import { draftOf, person, publishedPost, startContent } from './service.ts'

const minute = 60_000
const day = 24 * 60 * minute

t.test('jobs', async t => {
  let now = new Date('2026-03-01T12:00:00Z').getTime()
  const content = await startContent(t, { clock: () => new Date(now) })
  const { call, context } = content
  const author = person()
  const never = new AbortController().signal

  t.test('a scheduled post is out when its time has come, as of that time', async t => {
    const { id } = await draftOf(content, author, { title: 'Tomorrow', tags: ['soon'] })
    const path = `/v1/posts/${id}`
    const publishAt = new Date(now + 10 * minute).toISOString()
    const scheduled = await call('POST', `${path}/schedule`, { as: author, body: { publishAt } })
    t.match(scheduled, { status: 200, body: { status: 'scheduled', scheduledFor: publishAt } })
    t.equal((await call('GET', path)).status, 404)
    t.equal(await publishDue(context), 0, 'not before')

    now += 10 * minute + 700
    const [one, other] = await Promise.all([publishDue(context), publishDue(context)])
    t.equal((one ?? 0) + (other ?? 0), 1, 'two replicas publish it once')
    t.match(await call('GET', path), { status: 200, body: { status: 'published', publishedAt: publishAt } })
    t.match((await call('GET', '/v1/posts?tag=soon')).body.items, [{ id }])
  })

  t.test('unpublishing ends a schedule; what is out cannot be scheduled, nor can the past', async t => {
    const { id } = await draftOf(content, author)
    const path = `/v1/posts/${id}`
    const body = { publishAt: new Date(now + minute).toISOString() }
    await call('POST', `${path}/schedule`, { as: author, body })
    t.match((await call('POST', `${path}/unpublish`, { as: author })).body, { status: 'draft', scheduledFor: null })
    now += 2 * minute
    t.equal(await publishDue(context), 0)
    t.match(await call('POST', `${path}/schedule`, { as: author, body }), {
      status: 422,
      body: { code: 'not_in_the_future' },
    })
    await call('POST', `${path}/publish`, { as: author })
    const later = { publishAt: new Date(now + minute).toISOString() }
    const again = await call('POST', `${path}/schedule`, { as: author, body: later })
    t.match(again, { status: 409, body: { code: 'already_published' } })
  })

  t.test('the trash is emptied after 30 days, and only then', async t => {
    const post = await publishedPost(content, author, { title: 'Old', tags: ['old'] })
    const path = `/v1/posts/${post.id}`
    const { body: comment } = await call('POST', `${path}/comments`, { as: author, body: { body: 'x' } })
    await call('POST', `${path}/comments`, { as: author, body: { body: 'y', parentId: comment.id } })
    await call('PUT', `${path}/reactions/like`, { as: author })
    await call('DELETE', path, { as: author, headers: { 'if-match': '*' } })
    now += 29 * day
    t.equal(await purgeTrash(context, never), 0)
    t.equal((await call('GET', path, { as: author })).status, 200)
    now += 2 * day
    t.equal(await purgeTrash(context, never), 1)
    t.equal((await call('GET', path, { as: author })).status, 404)
    const reused = await call('POST', '/v1/posts', { as: author, body: { title: 'x', body: '', slug: post.slug } })
    t.equal(reused.status, 201, 'its slug is free again')
  })
})
