import t from 'tap'
import { newsOf } from './events.ts'
import { draft, edit, publish, restore, schedule, trash, unpublish } from './life.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 12, minute))
const given = {
  id: 'p',
  authorId: 'a',
  slug: 's',
  title: 'T',
  tags: [],
  byline: [],
  coverFileId: null,
  createdAt: at(0),
}
const written = draft(given, { body: '', html: '', excerpt: '' }, at(0))
const out = publish(written, at(1))

t.test('what others hear of a post', async t => {
  t.equal(newsOf(null, written), null, 'a draft')
  t.equal(newsOf(null, out), 'published', 'imported')
  t.equal(newsOf(written, out), 'published')
  t.equal(newsOf(out, publish(out, at(2))), null, 'out already')
  t.equal(newsOf(out, edit(out, { title: 'x' }, at(2))), 'changed')
  t.equal(newsOf(written, edit(written, { title: 'x' }, at(2))), null)
  t.equal(newsOf(out, unpublish(out, at(2))), 'unpublished')
  t.equal(newsOf(written, schedule(written, at(9), at(2))), null)
  t.equal(newsOf(out, trash(out, at(2))), 'deleted')
  t.equal(newsOf(written, trash(written, at(2))), null, 'nobody has heard of it')
  const gone = trash(out, at(2))
  t.equal(newsOf(gone, restore(gone, at(3))), null)
})
