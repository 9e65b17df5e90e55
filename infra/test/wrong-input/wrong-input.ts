import { createPost, publishPost } from '@portico/contracts/content'
import type { Test } from 'tap'
import { type Door, expectBody, expectStatus } from '../support/http.ts'
import { joinAs, type Person } from '../support/people.ts'
import type { RunningSystem } from '../support/system.ts'
import { type Asker, type Case, casesOf, type Known } from './cases.ts'
import { type Route, readRoutes } from './document.ts'
import { objections } from './problem.ts'

const atOnce = 6

/** Asks every route of the running system for what it must refuse. */
export async function wrongInput(t: Test, system: RunningSystem): Promise<void> {
  const [author, reader] = await Promise.all([joinAs(system, 'wilma'), joinAs(system, 'rita')])
  expectStatus(await system.operator.patch(`/v1/admin/users/${reader.id}`, { role: 'reader' }), 200)
  const known = await knownOf(author)
  const routes = await readRoutes(system.door)
  t.ok(routes.length > 40, `${routes.length} routes`)
  const left = [...routes]
  const worker = async () => {
    for (let route = left.shift(); route; route = left.shift()) {
      const { template, method } = route
      const found: string[] = []
      const cases = casesOf(route, routes, known)
      for (const each of cases) found.push(...(await tried(each, doorsFor(system, route, author, reader))))
      t.strictSame(found, [], `${method} ${template}: ${cases.length} ways to be wrong`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

async function tried({ name, as, method, path, sent, expected }: Case, doors: Record<Asker, Door>): Promise<string[]> {
  const answer = await doors[as].send(method, path, sent)
  return objections(answer, expected).map(objection => `${name}: ${objection}`)
}

function doorsFor(
  { door, operator }: RunningSystem,
  { access }: Route,
  author: Person,
  reader: Person,
): Record<Asker, Door> {
  const mayAuthor = access === 'public' || access === 'signed-in' || access.includes('author')
  const allowed = access === 'public' ? door : mayAuthor ? author.door : operator
  return { stranger: door, forger: door.as('pta_forged-by-somebody'), reader: reader.door, allowed }
}

/** A post and an account that are there, for the routes below them. */
async function knownOf(author: Person): Promise<Known> {
  const draft = await author.door.post('/v1/posts', { title: 'Where mistakes go', body: 'Here.' })
  const { id } = expectBody(draft, 201, createPost.schema.response[201])
  expectBody(await author.door.post(`/v1/posts/${id}/publish`), 200, publishPost.schema.response[200])
  return (template, parameter) => {
    if (template.startsWith('/v1/posts/{id}') && parameter === 'id') return id
    return template.startsWith('/v1/users/{handle}') ? author.handle : undefined
  }
}
