import { deepEqual, equal } from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { CommentCreated, CommentDeleted } from '@portico/contracts/content'
import {
  AccountActivated,
  AccountDeleted,
  FollowAdded,
  FollowRemoved,
  VerificationRequested,
} from '@portico/contracts/user'
import type { Principal } from '@portico/identity'
import { eventually } from '@portico/testkit'
import PostalMime from 'postal-mime'
import t from 'tap'
import { person, startNotification } from './service.ts'

const { call, tell, smtp, contexts } = await startNotification(t)
const soon = { withinMs: 10_000 }
const now = () => new Date().toISOString()

const emailOf = ({ handle }: Principal) => `${handle}@example.org`
const join = (somebody: Principal, locale = 'en') =>
  tell(AccountActivated, {
    userId: somebody.userId,
    handle: somebody.handle,
    name: `Name of ${somebody.handle}`,
    bio: '',
    avatarFileId: null,
    role: 'author',
    email: emailOf(somebody),
    locale,
    activatedAt: now(),
  })
const known = (somebody: Principal) =>
  eventually(async () => {
    const found = await contexts[0]?.reads.people.get(somebody.userId)
    equal(found?.handle, somebody.handle)
  }, soon)
const comment = (by: Principal, post: { author: Principal; id?: string }, parent: Principal | null = null) => ({
  commentId: randomUUID(),
  postId: post.id ?? randomUUID(),
  postSlug: 'a-post',
  postTitle: 'A post',
  postAuthorId: post.author.userId,
  authorId: by.userId,
  authorName: by.handle,
  parentId: parent ? randomUUID() : null,
  parentAuthorId: parent?.userId ?? null,
  excerpt: 'Well said.',
  createdAt: now(),
})
const mailsTo = (address: string) => smtp.mails.filter(({ to }) => to === address)
const noticesOf = async (somebody: Principal) => (await call('GET', '/v1/notifications', somebody)).json.items
const verification = (email: string, locale = 'en') => ({
  verificationId: randomUUID(),
  userId: randomUUID(),
  email,
  name: 'Ann <b>Lee</b>',
  locale,
  token: 'a-token',
  code: '123456',
  expiresAt: now(),
})

t.test('a verification mail says the code, in two forms and two languages, once', async t => {
  await tell(VerificationRequested, verification('ann@example.org'))
  await tell(VerificationRequested, verification('uli@example.org', 'de-AT'))
  await eventually(() => equal(mailsTo('uli@example.org').length + mailsTo('ann@example.org').length, 2), soon)
  const mail = await PostalMime.parse(mailsTo('ann@example.org')[0]?.raw ?? '')
  t.equal(mail.subject, '123456 is your code')
  t.match(mail.text, /Welcome, Ann <b>Lee<\/b>[\s\S]*123456[\s\S]*https:\/\/portico\.example\/verify#token=a-token/)
  t.match(mail.html, /Welcome, Ann &lt;b&gt;Lee&lt;\/b&gt;/, 'a name is no markup')
  t.match(mail.html, /href="https:\/\/portico\.example\/verify#token=a-token"/)
  t.match(mail.messageId, /^<[0-9a-f-]{36}@localhost>$/)
  const german = await PostalMime.parse(mailsTo('uli@example.org')[0]?.raw ?? '')
  t.equal(german.subject, '123456 ist dein Code')
})

t.test('a comment and its answer are told to those whom they are for, once each', async t => {
  const [author, reader, other] = [person(), person(), person()]
  await Promise.all([author, reader, other].map(each => join(each)))
  await Promise.all([author, reader, other].map(known))
  const first = comment(reader, { author })
  await tell(CommentCreated, first)
  await tell(CommentCreated, comment(other, { author, id: first.postId }, reader))
  await tell(CommentCreated, comment(author, { author, id: first.postId }))
  await eventually(async () => {
    equal((await noticesOf(author)).length, 2)
    equal((await noticesOf(reader)).length, 1)
    equal(mailsTo(emailOf(author)).length, 2)
    equal(mailsTo(emailOf(reader)).length, 1)
  }, soon)
  const notices = await noticesOf(author)
  t.match(
    notices.find((notice: { commentId: string }) => notice.commentId === first.commentId),
    {
      kind: 'comment',
      actor: { id: reader.userId, handle: reader.handle },
      text: `Name of ${reader.handle} commented on “A post”`,
      path: `/posts/a-post#comment-${first.commentId}`,
      postId: first.postId,
      readAt: null,
    },
  )
  t.match(await noticesOf(reader), [{ kind: 'reply' }])
  t.strictSame(await noticesOf(other), [])
  const mail = await PostalMime.parse(mailsTo(emailOf(reader))[0]?.raw ?? '')
  t.match(mail.subject, /answered you on “A post”/)

  await tell(CommentDeleted, { commentId: first.commentId, postId: first.postId, deletedAt: now() })
  await eventually(async () => equal((await noticesOf(author)).length, 1), soon)
})

t.test('a follow is a notice; going and coming back is still one', async t => {
  const [author, reader] = [person(), person()]
  await join(reader)
  await known(reader)
  const follow = () => ({ followerId: reader.userId, followedId: author.userId, at: now() })
  await tell(FollowAdded, follow())
  await tell(FollowRemoved, follow())
  const last = follow()
  await tell(FollowAdded, last)
  await eventually(async () => equal((await noticesOf(author)).at(-1)?.createdAt, last.at), soon)
  t.match(await noticesOf(author), [{ kind: 'follow', path: `/authors/${reader.handle}` }])
  t.equal((await noticesOf(author)).length, 1)
})

t.test('what somebody does not want does not arrive', async t => {
  const [author, reader] = [person(), person()]
  await Promise.all([join(author), join(reader)])
  await Promise.all([known(author), known(reader)])
  const path = '/v1/me/notification-preferences'
  t.match((await call('GET', path, author)).json, { follow: { notice: true, mail: false }, comment: { mail: true } })
  const changed = await call('PATCH', path, author, { comment: { notice: true, mail: false } })
  t.match(changed.json, { comment: { notice: true, mail: false }, reply: { mail: true } })
  await call('PATCH', path, author, { follow: { notice: false, mail: false } })
  await tell(FollowAdded, { followerId: reader.userId, followedId: author.userId, at: now() })
  await tell(CommentCreated, comment(reader, { author }))
  await eventually(async () => equal((await noticesOf(author)).length, 1), soon)
  t.match(await noticesOf(author), [{ kind: 'comment' }])
  const queued = await contexts[0]?.database.kysely
    .selectFrom('mails')
    .select('id')
    .where('user_id', '=', author.userId)
    .execute()
  t.strictSame(queued, [])
})

t.test('read one, read all, take one away; nobody else’s', async t => {
  const [author, reader, other] = [person(), person(), person()]
  for (let count = 0; count < 3; count++) await tell(CommentCreated, comment(reader, { author }))
  await eventually(async () => equal((await noticesOf(author)).length, 3), soon)
  const [first, second] = await noticesOf(author)
  t.equal((await call('POST', `/v1/notifications/${first.id}/read`, other)).status, 404)
  t.equal((await call('DELETE', `/v1/notifications/${first.id}`, other)).status, 404)
  const read = await call('POST', `/v1/notifications/${first.id}/read`, author)
  t.ok(read.json.readAt)
  const again = await call('POST', `/v1/notifications/${first.id}/read`, author)
  t.equal(again.json.readAt, read.json.readAt)
  t.strictSame((await call('GET', '/v1/notifications/unread', author)).json, { unread: 2 })
  t.equal((await call('GET', '/v1/notifications?unread=true', author)).json.items.length, 2)
  t.strictSame((await call('POST', '/v1/notifications/read', author)).json, { marked: 2 })
  t.equal((await call('DELETE', `/v1/notifications/${second.id}`, author)).status, 204)
  const page = (await call('GET', '/v1/notifications?limit=1', author)).json
  const next = (await call('GET', `/v1/notifications?limit=1&cursor=${page.nextCursor}`, author)).json
  t.equal(next.nextCursor, null)
  t.not(next.items[0].id, page.items[0].id)
})

t.test('a mail outlives an outage of the mail server, and goes once', async t => {
  await smtp.stop()
  await tell(VerificationRequested, verification('late@example.org'))
  await eventually(async () => {
    const row = await contexts[0]?.database.kysely
      .selectFrom('mails')
      .selectAll()
      .where('address', '=', 'late@example.org')
      .executeTakeFirst()
    equal((row?.attempts ?? 0) >= 1 && row?.status === 'queued', true)
  }, soon)
  await smtp.start()
  await eventually(() => equal(mailsTo('late@example.org').length, 1), { withinMs: 15_000 })
  await eventually(async () => {
    const row = await contexts[0]?.database.kysely
      .selectFrom('mails')
      .selectAll()
      .where('address', '=', 'late@example.org')
      .executeTakeFirst()
    deepEqual([row?.status, row?.data], ['sent', {}])
  }, soon)
  t.equal(mailsTo('late@example.org').length, 1)
})

t.test('a refusal for good is not repeated', async t => {
  smtp.refuseWith(550)
  await tell(VerificationRequested, verification('nobody@example.org'))
  await eventually(async () => {
    const row = await contexts[0]?.database.kysely
      .selectFrom('mails')
      .selectAll()
      .where('address', '=', 'nobody@example.org')
      .executeTakeFirst()
    deepEqual([row?.status, row?.attempts, row?.data], ['failed', 1, {}])
  }, soon)
  smtp.refuseWith(null)
  t.equal(mailsTo('nobody@example.org').length, 0)
})

t.test('two replicas share the queue without sending anything twice', async t => {
  const addresses = Array.from({ length: 60 }, (_, index) => `many-${index}@example.org`)
  await Promise.all(addresses.map(address => tell(VerificationRequested, verification(address))))
  await eventually(() => equal(smtp.mails.filter(({ to }) => to.startsWith('many-')).length, 60), { withinMs: 20_000 })
  for (const context of contexts) context.sender.wake()
  const sent = smtp.mails.filter(({ to }) => to.startsWith('many-')).map(({ to }) => to)
  t.strictSame(sent.sort(), addresses.sort())
})

t.test('an account that is gone takes everything along', async t => {
  const [author, reader] = [person(), person()]
  await Promise.all([join(author), join(reader)])
  await Promise.all([known(author), known(reader)])
  await tell(CommentCreated, comment(reader, { author }))
  await eventually(async () => equal((await noticesOf(author)).length, 1), soon)
  await tell(AccountDeleted, { userId: reader.userId, deletedAt: now() })
  await eventually(async () => equal((await noticesOf(author)).length, 0), soon)
  const row = await contexts[0]?.reads.people.get(reader.userId)
  t.match(row, { handle: null, email: null, name: '' })
})

t.test('strangers see nothing; wrong input has a name', async t => {
  const id = randomUUID()
  const routes = [
    ['GET', '/v1/notifications'],
    ['GET', '/v1/notifications/unread'],
    ['POST', '/v1/notifications/read'],
    ['POST', `/v1/notifications/${id}/read`],
    ['DELETE', `/v1/notifications/${id}`],
    ['GET', '/v1/me/notification-preferences'],
    ['PATCH', '/v1/me/notification-preferences'],
  ] as const
  for (const [method, path] of routes)
    t.match((await call(method, path)).json, { status: 401, code: 'not_signed_in' }, path)
  const reader = person()
  const cases = [
    ['GET', '/v1/notifications?cursor=x', undefined, 400, 'invalid_cursor'],
    ['GET', '/v1/notifications?limit=1000', undefined, 400, 'invalid_input'],
    ['POST', '/v1/notifications/nonsense/read', undefined, 400, 'invalid_input'],
    ['POST', `/v1/notifications/${id}/read`, undefined, 404, 'notice_not_found'],
    ['DELETE', `/v1/notifications/${id}`, undefined, 404, 'notice_not_found'],
    ['PATCH', '/v1/me/notification-preferences', '{', 400, 'malformed_body'],
    ['PATCH', '/v1/me/notification-preferences', { comment: { mail: 'yes' } }, 400, 'invalid_input'],
    ['PATCH', '/v1/me/notification-preferences', { unknown: {} }, 400, 'invalid_input'],
  ] as const
  for (const [method, path, body, status, code] of cases)
    t.match(
      (await call(method, path, reader, body)).json,
      { status, code },
      `${method} ${path} ${JSON.stringify(body)}`,
    )
})

t.end()
