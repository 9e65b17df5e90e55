import { createComment, createPost, getPost, publishPost } from '@portico/contracts/content'
import { uploadFile } from '@portico/contracts/file'
import { listNotices } from '@portico/contracts/notification'
import { getUser } from '@portico/contracts/user'
import { eventually, type SpanTree } from '@portico/testkit'
import type { Test } from 'tap'
import { type Answer, expectBody, expectStatus } from '../support/http.ts'
import { codeIn, mailTo } from '../support/mailbox.ts'
import { joinAs, type Person, passphrase, verify } from '../support/people.ts'
import { picture } from '../support/picture.ts'
import type { RunningSystem } from '../support/system.ts'
import { spanOf, statements, wayTo, wholeTrace } from '../support/traces.ts'

const noticeMs = 15_000

/** Two people, from signing up to a notice, and the trace of each step from the front door to its last effect. */
export async function journey(t: Test, system: RunningSystem): Promise<void> {
  const { door, operator } = system
  const handle = 'ann-lee'
  const email = 'Ann.Lee@example.org'

  let answer = await door.post('/v1/users', { email, handle, name: 'Ann Lee', password: passphrase })
  expectStatus(answer, 202)
  const mail = await mailTo(operator, email, each => codeIn(each) !== null)
  await t.test('signing up: SQL, the event over NATS, and the mail', t => signUpTrace(t, system, answer, mail.traceId))

  const ann = await verify(door, { email, handle, code: codeIn(mail) ?? '' })
  await t.test('verifying: the account reaches those who listen', t => verifyTrace(t, system, last(system)))
  await eventually(async () => expectBody(await door.get(`/v1/users/${handle}`), 200, getUser.schema.response[200]))

  const form = new FormData()
  form.set('visibility', 'public')
  form.set('file', picture(320, 7), 'harbour.png')
  answer = await ann.door.post('/v1/files', form)
  const photo = expectBody(answer, 201, uploadFile.schema.response[201])
  t.match(photo, { type: 'image/png', image: { width: 320, height: 320 }, ownerId: ann.id })
  await t.test('uploading', t => traceOf(t, system, answer, 'file', 'POST /v1/files'))

  const draft = {
    title: 'The harbour in March',
    body: `Boats.\n\n![](/v1/files/${photo.id}/image?w=160)`,
    tags: ['sea'],
  }
  answer = await ann.door.post('/v1/posts', { ...draft, coverFileId: photo.id })
  const { id, slug } = expectBody(answer, 201, createPost.schema.response[201])
  t.equal(slug, 'the-harbour-in-march')
  expectStatus(await door.get(`/v1/posts/${slug}`), 404)
  answer = await ann.door.post(`/v1/posts/${id}/publish`)
  t.match(expectBody(answer, 200, publishPost.schema.response[200]), { status: 'published', coverFileId: photo.id })
  await t.test('publishing', t => publishTrace(t, system, answer))

  answer = await door.get(`/v1/posts/${slug}`)
  const post = expectBody(answer, 200, getPost.schema.response[200])
  t.match(post, { title: draft.title, tags: ['sea'], author: { handle, name: 'Ann Lee' } })
  t.match(post.html, '<p>Boats.</p>')
  t.notOk('body' in post, 'a stranger gets no Markdown')
  await t.test('reading', t => traceOf(t, system, answer, 'content', 'GET /v1/posts/:idOrSlug'))
  await t.test('its cover, smaller', t => coverOf(t, system, post.coverFileId ?? ''))

  const bo = await joinAs(system, 'bo')
  await follows(t, system, ann, bo)
  const comment = await comments(t, system, ann, bo, id)
  await t.test('what Ann is told', t => notices(t, ann, bo, comment))
}

async function signUpTrace(t: Test, { operator }: RunningSystem, answer: Answer, mailTraceId: string | null) {
  const sent = (tree: SpanTree) => spanOf(tree, 'notification', 'client', /smtp/)
  const tree = await wholeTrace(operator, answer.traceId, tree => sent(tree) !== undefined)
  t.equal(mailTraceId, answer.traceId, 'the mail names the trace')
  const smtp = sent(tree)
  const path = smtp ? tree.path(smtp) : []
  t.strictSame(
    path.filter(({ kind }) => kind !== 'internal').map(({ service, kind }) => `${service} ${kind}`),
    [
      'gateway server',
      'gateway client',
      'user server',
      'user producer',
      'notification consumer',
      'notification client',
    ],
  )
  t.match(path.find(({ kind }) => kind === 'producer')?.attributes, {
    'messaging.system': 'nats',
    'messaging.destination.name': 'user.verification.requested.v1',
  })
  t.ok(statements(tree, 'user').length > 0, 'SQL of the user service')
  t.ok(statements(tree, 'notification').length > 0, 'SQL of the notification service')
}

async function verifyTrace(t: Test, { operator }: RunningSystem, answer: Answer) {
  const hears = (tree: SpanTree, service: string) => spanOf(tree, service, 'consumer', /user\.account\.activated\.v1/)
  const tree = await wholeTrace(operator, answer.traceId, tree =>
    ['content', 'notification'].every(service => hears(tree, service) && statements(tree, service).length > 0),
  )
  for (const service of ['content', 'notification']) {
    const heard = hears(tree, service)
    t.strictSame(heard && wayTo(tree, heard), ['gateway', 'user', service])
  }
}

async function publishTrace(t: Test, system: RunningSystem, answer: Answer) {
  const tree = await traceOf(t, system, answer, 'content', 'POST /v1/posts/:id/publish')
  t.ok(spanOf(tree, 'content', 'producer', /content\.post\.published\.v1/), 'the event is in the trace')
}

/** Gateway, the service's route, and its SQL. */
async function traceOf(t: Test, { operator }: RunningSystem, answer: Answer, service: string, route: string) {
  const serves = (tree: SpanTree) => spanOf(tree, service, 'server', route)
  const tree = await wholeTrace(operator, answer.traceId, tree => serves(tree) !== undefined)
  const served = serves(tree)
  t.strictSame(served && wayTo(tree, served), ['gateway', service])
  t.ok(statements(tree, service).length > 0, `SQL of the ${service} service`)
  return tree
}

async function coverOf(t: Test, { door }: RunningSystem, fileId: string) {
  const image = expectStatus(await door.get(`/v1/files/${fileId}/image?w=160&format=webp`), 200)
  t.equal(image.headers.get('content-type'), 'image/webp')
  t.equal(new TextDecoder('latin1').decode(image.bytes.subarray(8, 12)), 'WEBP')
}

async function follows(t: Test, system: RunningSystem, ann: Person, bo: Person) {
  const answer = expectStatus(await bo.door.put(`/v1/users/${ann.handle}/follow`), 204)
  await t.test('following: the notice is written in the same trace', t =>
    noticeTrace(t, system, answer, 'user', /user\.follow\./),
  )
}

async function comments(t: Test, system: RunningSystem, ann: Person, bo: Person, postId: string) {
  const answer = await bo.door.post(`/v1/posts/${postId}/comments`, { body: 'Which harbour is *this*?' })
  const comment = expectBody(answer, 201, createComment.schema.response[201])
  const mail = await mailTo(system.operator, ann.email, ({ text }) => text.includes('Which harbour'))
  t.equal(mail.traceId, answer.traceId, 'the mail about the comment names its trace')
  await t.test('commenting: notice and mail in the same trace', async t => {
    const tree = await noticeTrace(t, system, answer, 'content', /content\.comment\.created/)
    t.ok(spanOf(tree, 'notification', 'client', /smtp/), 'the mail too')
  })
  return comment.id
}

async function noticeTrace(t: Test, { operator }: RunningSystem, answer: Answer, from: string, event: RegExp) {
  const handles = (tree: SpanTree) => spanOf(tree, 'notification', 'consumer', event)
  const writes = (tree: SpanTree) => spanOf(tree, 'notification', 'client', 'INSERT notices')
  const isMailed = (tree: SpanTree) => from !== 'content' || spanOf(tree, 'notification', 'client', /smtp/)
  const tree = await wholeTrace(operator, answer.traceId, tree => Boolean(writes(tree) && isMailed(tree)))
  const written = writes(tree)
  const handled = handles(tree)
  t.ok(written && handled && tree.path(written).includes(handled), 'SQL below the consumer')
  t.strictSame(handled && wayTo(tree, handled), ['gateway', from, 'notification'])
  return tree
}

async function notices(t: Test, ann: Person, bo: Person, commentId: string) {
  const items = await eventually(
    async () => {
      const page = expectBody(await ann.door.get('/v1/notifications'), 200, listNotices.schema.response[200])
      if (page.items.length < 2) throw new Error(`${page.items.length} notices`)
      return page.items
    },
    { withinMs: noticeMs, everyMs: 200 },
  )
  t.strictSame(
    items.map(({ kind, actor, commentId }) => [kind, actor?.handle, commentId]),
    [
      ['comment', bo.handle, commentId],
      ['follow', bo.handle, null],
    ],
  )
}

function last({ door }: RunningSystem): Answer {
  const answer = door.answers.at(-1)
  if (!answer) throw new Error('nothing was asked yet')
  return answer
}
