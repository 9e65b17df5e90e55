import { createComment, createPost } from '@portico/contracts/content'
import { uploadFile } from '@portico/contracts/file'
import { verifyAccount } from '@portico/contracts/user'
import type { TSchema } from 'typebox'
import { expectBody } from '../support/http.ts'
import { codeIn, mailTo } from '../support/mailbox.ts'
import { type Person, passphrase } from '../support/people.ts'
import { picture } from '../support/picture.ts'
import type { RunningSystem } from '../support/system.ts'
import type { Facts, Post } from './facts.ts'
import { insist } from './persistent.ts'

const mailMs = 90_000

/** One person's way through the system: joins, writes with a photo, follows and answers somebody who was there before. */
export async function live(system: RunningSystem, facts: Facts, name: string, seed: number): Promise<void> {
  const neighbour = facts.posts.at(-1)
  const person = await join(system, name)
  facts.people.push(person)
  facts.posts.push(await write(person, name, seed))
  if (!neighbour) return
  const whom = neighbour.author
  await insist(person.door, 'PUT', `/v1/users/${whom.handle}/follow`, {}, ({ status }) => status === 204)
  facts.follows.push({ by: person, whom })
  const body = `Words of ${name} alone`
  const comment = await create(
    person,
    `/v1/posts/${neighbour.id}/comments`,
    { body },
    createComment.schema.response[201],
  )
  facts.comments.push({ id: comment.id, body, post: neighbour, by: person })
}

async function join({ door, operator }: RunningSystem, handle: string): Promise<Person> {
  const email = `${handle}@example.org`
  const body = { email, handle, name: handle, password: passphrase }
  await insist(door, 'POST', '/v1/users', { body }, ({ status }) => status === 202)
  const mail = await mailTo(operator, email, each => codeIn(each) !== null, mailMs)
  const verified = await insist(
    door,
    'POST',
    '/v1/users/verify',
    { body: { email, code: codeIn(mail), mode: 'token' } },
    ({ status }) => status === 200,
  )
  const { accessToken = '', user } = expectBody(verified, 200, verifyAccount.schema.response[200])
  return { id: user.id, email, handle, door: door.as(accessToken) }
}

async function write(author: Person, name: string, seed: number): Promise<Post> {
  const photo = picture(24, seed)
  const form = new FormData()
  form.set('visibility', 'public')
  form.set('file', photo, `${name}.png`)
  const file = await create(author, '/v1/files', form, uploadFile.schema.response[201])
  const title = `News from ${name}`
  const draft = { title, body: 'All is well.', coverFileId: file.id }
  const { id, slug } = await create(author, '/v1/posts', draft, createPost.schema.response[201])
  await insist(author.door, 'POST', `/v1/posts/${id}/publish`, {}, ({ status }) => status === 200)
  return { id, slug, title, author, cover: { id: file.id, bytes: await photo.bytes() } }
}

async function create<Schema extends TSchema>(by: Person, path: string, body: unknown, schema: Schema) {
  return expectBody(await insist(by.door, 'POST', path, { body }, ({ status }) => status === 201), 201, schema)
}
