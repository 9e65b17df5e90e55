import t from 'tap'
import { etagOfPost, refuseStale, requireCurrent } from './etag.ts'

const post = { version: 7, authorVersion: 2, summary: { counts: { comments: 3, reactions: 1 } } }

t.test('an ETag changes with everything the answer is made of', async t => {
  const variants = [
    post,
    { ...post, version: 8 },
    { ...post, authorVersion: 3 },
    { ...post, summary: { counts: { comments: 4, reactions: 1 } } },
    { ...post, summary: { counts: { comments: 3, reactions: 2 } } },
  ]
  const tags = variants.flatMap(variant => [etagOfPost(variant, false), etagOfPost(variant, true)])
  t.equal(new Set(tags).size, tags.length)
})

t.test('a write looks at the version alone', async t => {
  const commented = { ...post, summary: { counts: { comments: 9, reactions: 0 } } }
  for (const tag of [
    etagOfPost(post, true),
    etagOfPost(commented, false),
    `W/${etagOfPost(post, true)}`,
    '*',
    '"1-", "7-0.0.0"',
  ]) {
    t.doesNotThrow(() => requireCurrent(tag, post), tag)
  }
  for (const tag of ['"6-3.1.2"', '"70-"', '7-3.1.2', '"7"', 'nonsense', '']) {
    t.throws(() => requireCurrent(tag, post), { code: 'stale_write' }, tag)
  }
  t.throws(() => requireCurrent(undefined, post), { code: 'precondition_required' })
  t.doesNotThrow(() => refuseStale(undefined, post), 'where it is optional')
})
