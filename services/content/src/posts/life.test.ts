import t from 'tap'
import { draft, edit, publish, restore, schedule, trash, unpublish } from './life.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 12, minute))
const text = { body: '# Hello', html: '<h1>Hello</h1>', excerpt: 'Hello' }
const given = {
  id: '01980a5e-7c21-7000-8000-000000000001',
  authorId: '01980a5e-7c21-7000-8000-000000000002',
  slug: 'hello',
  title: 'Hello',
  tags: ['greeting'],
  byline: [],
  coverFileId: null,
  createdAt: at(0),
}
const written = draft(given, text, at(0))

t.test('a draft is version 1, revision 1, and not out', async t => {
  t.match(written, { status: 'draft', version: 1, revision: 1, publishedAt: null, excerpt: 'Hello' })
})

t.test('an edit is a new revision and a new version', async t => {
  const edited = edit(written, { title: 'Hi', text: { ...text, excerpt: 'Hi' } }, at(1))
  t.match(edited, { title: 'Hi', excerpt: 'Hi', slug: 'hello', version: 2, revision: 2, updatedAt: at(1) })
})

t.test('publishing gives it its date, which it keeps for good', async t => {
  const out = publish(written, at(1))
  t.match(out, { status: 'published', publishedAt: at(1), version: 2, revision: 1 })
  const again = publish(unpublish(out, at(2)), at(3))
  t.same(again.publishedAt, at(1), 'taken back and out again: the first date')
  t.same(publish(written, at(1), at(-60)).publishedAt, at(-60), 'imported: the date it carries')
})

t.test('doing again what is done gives the very same post', async t => {
  const out = publish(written, at(1))
  t.equal(publish(out, at(2)), out)
  t.equal(unpublish(written, at(2)), written)
  t.equal(restore(written, at(2)), written)
  const gone = trash(out, at(2))
  t.equal(trash(gone, at(3)), gone)
})

t.test('a schedule lies in the future, of what is not out', async t => {
  const waiting = schedule(written, at(10), at(1))
  t.match(waiting, { status: 'scheduled', scheduledFor: at(10) })
  t.match(publish(waiting, at(10)), { status: 'published', scheduledFor: null, publishedAt: at(10) })
  t.match(unpublish(waiting, at(2)), { status: 'draft', scheduledFor: null })
  t.throws(() => schedule(written, at(1), at(1)), { code: 'not_in_the_future' })
  t.throws(() => schedule(publish(written, at(1)), at(10), at(2)), { code: 'already_published' })
})

t.test('what is in the trash is only restored, as a draft', async t => {
  const gone = trash(publish(written, at(1)), at(2))
  t.match(gone, { status: 'trashed', trashedAt: at(2) })
  for (const change of [
    () => edit(gone, { title: 'x' }, at(3)),
    () => publish(gone, at(3)),
    () => unpublish(gone, at(3)),
    () => schedule(gone, at(9), at(3)),
  ]) {
    t.throws(change, { code: 'post_in_trash' })
  }
  t.match(restore(gone, at(3)), { status: 'draft', trashedAt: null, publishedAt: at(1) })
})
