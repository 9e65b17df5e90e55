import { join } from 'node:path'
import { test } from 'tap'
import { authorsOf, dateOf, listOf, tagsOf } from './fields.ts'
import { splitFrontMatter } from './front-matter.ts'
import { withoutMarks } from './generators.ts'
import { findPosts, readPost, slugOf } from './read-blog.ts'
import { findImages, imageOf, isLocal, localTargets, postOf, rewriteTargets } from './references.ts'

test('front matter in YAML, TOML and JSON, or none', t => {
  t.strictSame(splitFrontMatter('---\ntitle: A\n---\nbody\n'), { data: { title: 'A' }, body: 'body\n' })
  t.strictSame(splitFrontMatter('\uFEFF---\r\nTitle: A\r\n---\r\nbody'), { data: { title: 'A' }, body: 'body' })
  t.strictSame(splitFrontMatter('+++\ntitle = "A"\n+++\nbody'), { data: { title: 'A' }, body: 'body' })
  t.strictSame(splitFrontMatter('{\n"title": "A"\n}\nbody').data, { title: 'A' })
  t.strictSame(splitFrontMatter('just text'), { data: {}, body: 'just text' })
  t.throws(() => splitFrontMatter('---\ntitle: A\nno end'), /has no end/)
  t.throws(() => splitFrontMatter('---\n- a\n- b\n---\n'), /not a list of fields/)
  t.end()
})

test('authors as people write them', t => {
  t.strictSame(authorsOf({ author: 'Ann Lee' }), ['Ann Lee'])
  t.strictSame(authorsOf({ author: 'Ann Lee & Bo (@bo), Cy and Dee' }), ['Ann Lee', 'Bo', 'Cy', 'Dee'])
  t.strictSame(authorsOf({ authors: [{ name: 'Ann' }, 'Bo', 'Ann'] }), ['Ann', 'Bo'])
  t.strictSame(authorsOf({ author: 'Sandy Anderson' }), ['Sandy Anderson'])
  t.strictSame(authorsOf({}), [])
  t.end()
})

test('dates mean one moment on every machine', t => {
  t.equal(dateOf({ date: '2020-11-10T23:00:05.544Z' }, 'date'), '2020-11-10T23:00:05.544Z')
  t.equal(dateOf({ date: '2020-11-10T23:00:05-05:00' }, 'date'), '2020-11-11T04:00:05.000Z')
  t.equal(dateOf({ date: '2020-11-10' }, 'date'), '2020-11-10T00:00:00.000Z')
  t.equal(dateOf({ date: '2015-03-01 10:00:00 +0100' }, 'date'), '2015-03-01T09:00:00.000Z')
  t.equal(dateOf({ date: '2015-03-01 10:00:00' }, 'date'), '2015-03-01T10:00:00.000Z')
  t.equal(dateOf({ date: 'March 1, 2015' }, 'date'), '2015-03-01T00:00:00.000Z')
  t.equal(dateOf({}, 'date'), null)
  t.throws(() => dateOf({ date: 'yesterday-ish' }, 'date'), /cannot be read/)
  t.end()
})

test('tags from lists and commas; slugs that an address can hold', t => {
  t.strictSame(listOf({ tags: ['a', 'b'], category: 'b, c' }, 'tags', 'category'), ['a', 'b', 'c'])
  t.equal(slugOf('Node.js 15.2.0 (Current)', ''), 'node.js-15.2.0-current')
  t.equal(slugOf('Über Çay', ''), 'uber-cay')
  t.equal(slugOf('.v1..2_-3.', ''), 'v1-2-3')
  t.equal(slugOf('日本', 'v1'), 'v1')
  t.end()
})

test('a blog is read whole: names, dates in names, bundles, refusals', async t => {
  const folder = t.testdir({
    _posts: {
      '2015-03-01-hello.md': '---\ntitle: Hello\n---\nSee [the other](/2016/bundle/) and ![x](../assets/x.png)',
      bundle: { 'index.md': '---\ntitle: Bundle\ndate: 2016-01-01\nimage: pic.jpg\n---\ntext', 'pic.jpg': 'x' },
      'untitled.md': '---\ndate: 2016-01-01\n---\ntext',
    },
    assets: { 'x.png': 'x', other: { 'x.png': 'y' } },
    node_modules: { 'readme.md': '# no' },
  })
  const paths = await findPosts(folder)
  t.strictSame(
    paths.map(path => path.slice(folder.length + 1)),
    ['_posts/2015-03-01-hello.md', '_posts/bundle/index.md', '_posts/untitled.md'],
  )
  const hello = await readPost(folder, paths[0] ?? '')
  t.match(hello, { slug: 'hello', publishedAt: '2015-03-01T00:00:00.000Z', isDraft: false })
  const bundle = await readPost(folder, join(folder, '_posts/bundle/index.md'))
  t.match(bundle, { slug: 'bundle', cover: 'pic.jpg' })
  await t.rejects(readPost(folder, join(folder, '_posts/untitled.md')), /has no title/)

  const images = await findImages(folder)
  t.equal(imageOf(images, hello, '../assets/x.png'), 'assets/x.png')
  t.equal(imageOf(images, bundle, 'pic.jpg'), '_posts/bundle/pic.jpg')
  t.equal(imageOf(images, hello, '/static/other/x.png'), 'assets/other/x.png')
  t.equal(imageOf(images, hello, '/nowhere/z.png'), null)
  t.strictSame(localTargets(hello), ['/2016/bundle/', '../assets/x.png'])
  const bySlug = new Map([['bundle', bundle]])
  t.equal(postOf(bySlug, '/2016/bundle/'), 'bundle')
  t.equal(postOf(bySlug, '/2016/bundle.html#part'), 'bundle')
  t.equal(postOf(bySlug, '/'), null)
})

test('targets are rewritten in Markdown and HTML, and left alone in code', t => {
  const rewrite = (each: string) => (isLocal(each) ? `/new${each}` : null)
  t.equal(
    rewriteTargets('![a](/x.png "t") [b](https://e.org/y) <img class="c" src="/z.gif">', rewrite),
    '![a](/new/x.png "t") [b](https://e.org/y) <img class="c" src="/new/z.gif">',
  )
  t.equal(rewriteTargets('`![a](/x.png)`\n```\n[b](/y)\n```\n', rewrite), '`![a](/x.png)`\n```\n[b](/y)\n```\n')
  t.end()
})

test('tags as Jekyll writes them, and a category of several words', t => {
  t.strictSame(tagsOf({ tags: 'a b', categories: 'c, d e', category: 'Best Practices' }), [
    'a',
    'b',
    'c',
    'd e',
    'Best Practices',
  ])
  t.end()
})

test('a local time in TOML is UTC on every machine', t => {
  const { data } = splitFrontMatter('+++\ndate = 2019-05-04T10:30:00\nlast = 2019-05-04\n+++\n')
  t.equal(dateOf(data, 'date'), '2019-05-04T10:30:00.000Z')
  t.equal(dateOf(data, 'last'), '2019-05-04T00:00:00.000Z')
  t.end()
})

test('the marks of generators become Markdown, and stay in code', t => {
  t.equal(withoutMarks('![a]({{ site.baseurl }}/a.png) `{{ site.baseurl }}`'), '![a](/a.png) `{{ site.baseurl }}`')
  t.equal(
    withoutMarks('[b]({% post_url 2015-03-01-b %}) ![c]({{ "/c.png" | relative_url }})'),
    '[b](/2015-03-01-b) ![c](/c.png)',
  )
  t.equal(withoutMarks('{% highlight js %}\na({{ site.url }})\n{% endhighlight %}'), '```js\na({{ site.url }})\n```')
  t.equal(withoutMarks('{{< figure src="/d.png" alt="D" >}} [e]({{< ref "e.md" >}})'), '![D](/d.png) [e](e.md)')
  t.equal(withoutMarks('<img src="__GHOST_URL__/f.png">'), '<img src="/f.png">')
  t.end()
})

test('a folder named like a room but without posts hides no post; the page of a folder is none', async t => {
  const folder = t.testdir({
    content: { images: { 'a.png': 'x' } },
    'hello.md': '---\ntitle: Hello\n---\ntext',
    '_index.md': '---\ntitle: All\n---\ntext',
  })
  t.strictSame(await findPosts(folder), [join(folder, '_index.md'), join(folder, 'hello.md')])
  await t.rejects(readPost(folder, join(folder, '_index.md')), /page of a folder/)
})
