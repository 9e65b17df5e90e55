import t from 'tap'
import { looksLikeId, slugCandidates, slugOf } from './slug.ts'

t.test('a title becomes lower-case words joined by dashes', async t => {
  t.equal(slugOf('Ünïcode & Node.js!'), 'unicode-node-js')
  t.equal(slugOf('  Node.js 24.12.0 (LTS) '), 'node-js-24-12-0-lts')
  t.equal(slugOf('日本語'), 'post', 'nothing Latin in it')
  t.equal(slugOf('!!!'), 'post')
})

t.test('a long title is cut between two words', async t => {
  const slug = slugOf('word '.repeat(60))
  t.ok(slug.length <= 80)
  t.match(slug, /^word(-word)*$/)
  t.equal(slugOf('x'.repeat(200)).length, 80, 'and within one when there is nothing else')
})

t.test('no slug looks like an id', async t => {
  const id = '01980a5e-7c21-7000-8000-0123456789ab'
  t.ok(looksLikeId(id))
  t.equal(slugOf(id), `post-${id}`)
})

t.test('a taken slug gets a number, and in the end what nobody has', async t => {
  const candidates = [...slugCandidates('news', '01980a5e-7c21-7000-8000-0123456789ab')]
  t.same(candidates.slice(0, 3), ['news', 'news-2', 'news-3'])
  t.equal(candidates.at(-1), 'news-0123456789ab')
})
