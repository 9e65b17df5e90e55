import {
  CommentCreated,
  CommentDeleted,
  ContentPurged,
  PostChanged,
  PostDeleted,
  PostPublished,
  PostUnpublished,
} from '@portico/contracts/content'
import { AccountActivated, AccountChanged, AccountDeleted } from '@portico/contracts/user'
import { eventually } from '@portico/testkit'
import t from 'tap'
import { createConsumers } from '../src/consumers.ts'
import { startPeer } from './peer.ts'
import { draftOf, person, publishedPost, startContent } from './service.ts'

const at = '2026-01-01T00:00:00.000Z'

t.test('what happens to a post is told, in order, once', async t => {
  const content = await startContent(t)
  const { call, context, nats } = content
  context.relay.start()
  const peer = await startPeer(t, 'notification', nats.url)
  const posts = peer.hear('content.post', PostPublished, PostChanged, PostUnpublished, PostDeleted)
  const comments = peer.hear('content.comment', CommentCreated, CommentDeleted)
  const author = person()
  const commenter = person()

  await draftOf(content, author, { title: 'Nobody hears of a draft' })
  const post = await publishedPost(content, author, { title: 'News', tags: ['a', 'b'] })
  const path = `/v1/posts/${post.id}`
  await call('POST', `${path}/publish`, { as: author })
  const edited = await call('PATCH', path, { as: author, headers: { 'if-match': post.etag }, body: { title: 'Newer' } })
  const comment = await call('POST', `${path}/comments`, { as: commenter, body: { body: 'Well *said*' } })
  await call('DELETE', `/v1/comments/${comment.body.id}`, { as: author })
  await call('PATCH', path, { as: author, headers: { 'if-match': post.etag }, body: { title: 'Stale' } })
  await call('POST', `${path}/unpublish`, { as: author })
  await call('POST', `${path}/publish`, { as: author })
  await call('DELETE', path, { as: author, headers: { 'if-match': '*' } })

  await eventually(() => posts.some(({ subject }) => subject === PostDeleted.subject), { withinMs: 10_000 })
  await eventually(() => comments.length === 2, { withinMs: 10_000 })
  t.same(
    posts.map(({ subject }) => subject),
    [PostPublished, PostChanged, PostUnpublished, PostPublished, PostDeleted].map(({ subject }) => subject),
  )
  t.match(posts[0]?.payload, {
    postId: post.id,
    authorId: author.userId,
    slug: 'news',
    title: 'News',
    tags: ['a', 'b'],
  })
  t.match(posts[1]?.payload, { title: 'Newer', changedAt: edited.body.updatedAt, publishedAt: post.publishedAt })
  t.match(
    comments.map(({ payload }) => payload),
    [
      {
        commentId: comment.body.id,
        postId: post.id,
        postTitle: 'Newer',
        postAuthorId: author.userId,
        authorId: commenter.userId,
        authorName: commenter.handle,
        parentId: null,
        excerpt: 'Well said',
      },
      { commentId: comment.body.id, postId: post.id },
    ],
  )
})

t.test('gateways are told what to drop, after the commit', async t => {
  const content = await startContent(t)
  const { context, nats } = content
  const peer = await startPeer(t, 'gateway', nats.url)
  const purged: string[] = []
  peer.bus.listen(ContentPurged, ({ tags }) => {
    purged.push(...tags)
  })
  await eventually(() => peer.bus.isConnected() && context.bus.isConnected(), { withinMs: 10_000 })
  await draftOf(content, person())
  const post = await publishedPost(content, person())
  await eventually(() => purged.includes('tags'), { withinMs: 5_000 })
  t.same(purged, [`post:${post.id}`, `comments:${post.id}`, 'posts', 'tags'], 'and for the draft nothing')
})

t.test('authors follow their accounts', async t => {
  const content = await startContent(t)
  const { call, context, nats } = content
  context.relay.start()
  const consumers = createConsumers(context)
  consumers.start()
  t.after(() => consumers.stop())
  const user = await startPeer(t, 'user', nats.url)
  const author = person()
  const account = {
    userId: author.userId,
    handle: author.handle,
    name: 'Ada',
    bio: '',
    avatarFileId: null,
    role: 'author' as const,
    email: 'ada@example.org',
    locale: 'en',
  }
  // Faster than the event of the account: the principal is all that is known.
  const post = await publishedPost(content, author, { title: 'Early' })
  t.match(post.author, { name: author.handle, handle: author.handle })
  const path = `/v1/posts/${post.id}`
  const nameOf = async () => (await call('GET', path)).body.author?.name

  await user.emit(AccountActivated, { ...account, activatedAt: at })
  await eventually(async () => (await nameOf()) === 'Ada', { withinMs: 10_000 })
  const { headers } = await call('GET', path)

  for (let change = 1; change <= 20; change += 1) {
    await user.emit(AccountChanged, { ...account, name: `Ada ${change}`, handle: 'ada', changedAt: at })
  }
  await eventually(async () => (await nameOf()) === 'Ada 20', { withinMs: 10_000 })
  t.match((await call('GET', '/v1/posts?author=ada')).body.items, [{ id: post.id, author: { name: 'Ada 20' } }])
  const conditional = await call('GET', path, { headers: { 'if-none-match': headers.get('etag') ?? '' } })
  t.equal(conditional.status, 200, 'another name is another answer')

  const other = await publishedPost(content, person())
  const onOther = `/v1/posts/${other.id}`
  await call('POST', `${onOther}/comments`, { as: author, body: { body: 'By Ada' } })
  await call('PUT', `${onOther}/reactions/like`, { as: author })
  await user.emit(AccountDeleted, { userId: author.userId, deletedAt: at })
  await eventually(async () => (await call('GET', path)).status === 404, { withinMs: 10_000 })
  t.match((await call('GET', onOther)).body.counts, { comments: 0, reactions: 0 })
  t.match((await call('GET', `${onOther}/comments`)).body.items, [{ deleted: true, author: null, body: '' }])
  const late = await call('POST', '/v1/posts', { as: author, body: { title: 'From beyond', body: '' } })
  t.match(late, { status: 401, body: { code: 'not_signed_in' } })
  await user.emit(AccountChanged, { ...account, name: 'Ghost', changedAt: at })
  await user.emit(AccountActivated, { ...account, userId: other.author.id, name: 'Last', activatedAt: at })
  await eventually(async () => (await call('GET', onOther)).body.author.name === 'Last', { withinMs: 10_000 })
  const { name } = await context.database.kysely
    .selectFrom('authors')
    .select('name')
    .where('user_id', '=', author.userId)
    .executeTakeFirstOrThrow()
  t.equal(name, 'Deleted account', 'nobody comes back')
})

t.test('while NATS is away the service reads and writes on, and tells everything afterwards, in order', async t => {
  const content = await startContent(t)
  const { call, context, nats } = content
  context.relay.start()
  const peer = await startPeer(t, 'notification', nats.url)
  const heard = peer.hear('content.post', PostPublished, PostUnpublished)
  const author = person()
  await publishedPost(content, author, { title: 'Before' })
  await eventually(() => heard.length === 1, { withinMs: 10_000 })

  await nats.kill()
  const post = await publishedPost(content, author, { title: 'Meanwhile' })
  t.equal((await call('GET', `/v1/posts/${post.slug}`)).status, 200)
  t.equal((await call('GET', '/readyz')).status, 200, 'it is ready all the same')
  for (const turn of ['unpublish', 'publish', 'unpublish'])
    await call('POST', `/v1/posts/${post.id}/${turn}`, { as: author })
  await nats.start()

  await eventually(() => heard.length === 5, { withinMs: 20_000 })
  t.same(
    heard.slice(1).map(({ subject }) => subject),
    [PostPublished, PostUnpublished, PostPublished, PostUnpublished].map(({ subject }) => subject),
  )
})
