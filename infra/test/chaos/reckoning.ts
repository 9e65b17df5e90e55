import { listComments, listOwnPosts } from '@portico/contracts/content'
import { listNotices } from '@portico/contracts/notification'
import { listFollowers } from '@portico/contracts/user'
import { eventually } from '@portico/testkit'
import type { Test } from 'tap'
import { expectBody, expectStatus } from '../support/http.ts'
import { codeIn, mailsTo } from '../support/mailbox.ts'
import type { Person } from '../support/people.ts'
import type { RunningSystem } from '../support/system.ts'
import type { Comment, Facts, Post } from './facts.ts'

/** Events and mails that were held up by the last kill have this long to arrive. */
const settledMs = 40_000

/** Everything that was acknowledged is there, and has had its effects once. */
export async function reckon(t: Test, system: RunningSystem, facts: Facts): Promise<void> {
  for (const post of facts.posts) await t.test(`of ${post.author.handle}`, t => reckonOne(t, system, facts, post))
}

async function reckonOne(t: Test, { door, operator }: RunningSystem, facts: Facts, post: Post): Promise<void> {
  const { author } = post
  const comments = facts.comments.filter(each => each.post === post)
  const followers = facts.follows.filter(({ whom }) => whom === author).map(({ by }) => by)

  const found = expectStatus(await door.get(`/v1/posts/${post.slug}`), 200)
  t.match(found.json, { id: post.id, title: post.title, coverFileId: post.cover.id, author: { handle: author.handle } })
  const own = expectBody(await author.door.get('/v1/me/posts'), 200, listOwnPosts.schema.response[200])
  t.strictSame(
    own.items.map(({ id }) => id),
    [post.id],
    'one post, however often it was sent',
  )
  const cover = expectStatus(await door.get(`/v1/files/${post.cover.id}/content`), 200)
  t.ok(Buffer.from(cover.bytes).equals(post.cover.bytes), 'the photo, byte for byte')

  const said = expectBody(
    await author.door.get(`/v1/posts/${post.id}/comments?limit=100`),
    200,
    listComments.schema.response[200],
  )
  t.strictSame(
    sorted(said.items.map(({ body }) => body)),
    sorted(comments.map(({ body }) => body)),
    'each comment once',
  )
  const follows = expectBody(
    await author.door.get(`/v1/users/${author.handle}/followers?limit=100`),
    200,
    listFollowers.schema.response[200],
  )
  t.equal(follows.items.length, followers.length, 'each follower once')

  t.strictSame(await noticesOf(author, comments, followers), [], 'each notice once')
  t.strictSame(await mailsOf(operator, author, comments), [], 'each mail once')
}

/** What is missing or too much among the notices, after they had time to come. */
function noticesOf(author: Person, comments: readonly Comment[], followers: readonly Person[]): Promise<string[]> {
  const wanted = [...comments.map(({ id }) => `comment ${id}`), ...followers.map(({ id }) => `follow ${id}`)]
  return settled(async () => {
    const answer = await author.door.get('/v1/notifications?limit=100')
    const { items } = expectBody(answer, 200, listNotices.schema.response[200])
    return items.map(({ kind, commentId, actor }) => (commentId ? `${kind} ${commentId}` : `${kind} ${actor?.id}`))
  }, wanted)
}

/** The same of the mails: one with a code, one a comment. Two with one Message-ID are one mail that was heard twice. */
function mailsOf(operator: RunningSystem['operator'], author: Person, comments: readonly Comment[]): Promise<string[]> {
  return settled(async () => {
    const mails = await mailsTo(operator, author.email)
    const distinct = new Map(mails.map(mail => [mail.headers['message-id'] ?? mail.id, mail]))
    return [...distinct.values()].map(mail =>
      codeIn(mail) !== null ? 'code' : (comments.find(({ body }) => mail.text.includes(body))?.id ?? mail.subject),
    )
  }, ['code', ...comments.map(({ id }) => id)])
}

async function settled(read: () => Promise<string[]>, wanted: readonly string[]): Promise<string[]> {
  let difference: string[] = []
  const isSettled = async () => {
    const found = await read()
    difference = [
      ...wanted.filter(each => !found.includes(each)).map(each => `missing: ${each}`),
      ...found
        .filter((each, index) => !wanted.includes(each) || found.indexOf(each) !== index)
        .map(each => `too much: ${each}`),
    ]
    return difference.length === 0
  }
  await eventually(isSettled, { withinMs: settledMs, everyMs: 300 }).catch(() => {})
  return difference
}

const sorted = (texts: string[]) => [...texts].sort()
